// The flag at every level of a config, and edits of it that keep the rest of the text.

import Testing

@testable import TieConv

@Suite struct ModelConfigTests {
  private func config(_ text: String) throws -> ModelConfig {
    try ModelConfig(path: "config.json", text: Array(text.utf8))
  }

  @Test("flags of the language model's levels count, those of a vision tower do not")
  func levels() throws {
    let config = try config(
      """
      {"tie_word_embeddings": true, "vision_config": {"tie_word_embeddings": false},
       "text_config": {"tie_word_embeddings": false}}
      """)
    #expect(
      config.flagStatements.map(\.path) == [
        "tie_word_embeddings", "text_config.tie_word_embeddings",
      ])
    #expect(config.flagStatements.map(\.value) == [true, false])
    #expect(TieFlag(config: config, convention: nil).isSplit)
  }

  @Test("an edit changes the flag at every level and no other byte")
  func edit() throws {
    let text =
      "{\n  \"rope_theta\": 1000000.0,\n  \"text_config\": {\n    \"a\": 1e6\n  },\n"
      + "  \"tie_word_embeddings\": false,\n  \"z\": 1.50\n}\n"
    let (edited, edits) = try config(text).settingFlag(to: true)
    let expected = text.replacingOccurrences("false", "true")
      .replacingOccurrences("\"a\": 1e6", "\"a\": 1e6,\n    \"tie_word_embeddings\": true")
    #expect(String(decoding: edited, as: UTF8.self) == expected)
    #expect(edits.map(\.before) == [false, nil])
  }

  @Test("nothing is edited where all that is stated agrees")
  func noEdit() throws {
    let text = "{\"tie_word_embeddings\": true, \"text_config\": {}}"
    let (edited, edits) = try config(text).settingFlag(to: true)
    #expect(edits.isEmpty && edited == Array(text.utf8))
  }

  @Test("a flag that is no boolean is an error", arguments: ["\"false\"", "0", "[]", "{}"])
  func wrongType(_ value: String) {
    #expect(throws: CheckpointError.self) { try config("{\"tie_word_embeddings\": \(value)}") }
  }

  @Test("null is not a statement") func null() throws {
    #expect(try config("{\"tie_word_embeddings\": null}").flagStatements.isEmpty)
  }
}

extension String {
  /// Every `target` replaced; Foundation's would do, and is not imported here.
  fileprivate func replacingOccurrences(_ target: String, _ replacement: String) -> String {
    split(separator: target, omittingEmptySubsequences: false).joined(separator: replacement)
  }
}
