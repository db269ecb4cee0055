// Laws of SentencePiece vocabularies in tokenizer.json: what llama.cpp would cut otherwise is refused, and
// what is written back says the same.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct PieceTokenizerTests {
  private static func text(_ name: String) throws -> String {
    let file = try InputFile("\(Testdata.root)/conversion/\(name)/tokenizer.json")
    return String(decoding: try file.bytes(in: 0..<file.size), as: UTF8.self)
  }

  private static func definition(
    _ name: String, _ edits: (String, String)...
  ) throws -> TokenizerDefinition {
    var text = try text(name)
    for (old, new) in edits {
      try #require(text.utf8.count > 0 && text.contains(old), "\(old) is not there")
      text = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
    return try TokenizerDefinition(text: Array(text.utf8), path: "t")
  }

  @Test func aUnigramModelSaysWhatGGUFHasWordsFor() throws {
    let rules = try UnigramRules(Self.definition("unigram"))
    #expect(rules.addsSpacePrefix && rules.mergesSpaces && rules.notes.isEmpty)
    let map = try #require(PrecompiledCharsmap(rules.charactersMap))
    let ligature = Array("\u{FB01}x".utf8)
    let found = try #require(map.longestReplacement(of: ligature, ligature.indices))
    #expect(Array(found.text) == Array("fi".utf8) && found.end == 3)
    let letters = Array("e\u{301}".utf8)
    #expect(map.longestReplacement(of: letters, letters.indices)?.end == 3)
    #expect(map.longestReplacement(of: letters, 0..<1) == nil)
  }

  @Test(arguments: [
    ("\"byte_fallback\":false", "\"byte_fallback\":true", "byte_fallback"),
    ("\"unk_id\":0", "\"unk_id\":null", "unknown"),
    ("\"unk_id\":0", "\"unk_id\":4000000000", "unknown"),
    ("\"prepend_scheme\":\"always\"", "\"prepend_scheme\":\"never\"", "merged spaces"),
    (" {2,}", " {3,}", "Replace  {3,}"),
    ("\"type\":\"Strip\"", "\"type\":\"Lowercase\"", "Lowercase"),
    ("[\"\u{2581}\",", "[\"a\u{2581}b\",", "a piece of two"),
    ("\"precompiled_charsmap\":\"", "\"precompiled_charsmap\":\"!", "map of characters"),
  ])
  func whatLlamaCppWouldCutOtherwiseIsNamed(old: String, new: String, reason: String) throws {
    let definition = try Self.definition("unigram", (old, new))
    let error = #expect(throws: SpaceSteps.Unknown.self) { try UnigramRules(definition) }
    #expect(error?.name.contains(reason) == true, "\(error?.name ?? "")")
  }

  @Test func mergesThatPiecesImplyAreScores() throws {
    let definition = try Self.definition("pairs")
    let merges = try PieceMerges(definition)
    #expect(!merges.scores.isEmpty && merges.scores.values.max() == 0)
    // One merge less, and llama.cpp would still join the two.
    let first = try #require(definition.merges.first)
    let spelled =
      "[\"" + String(decoding: first.first, as: UTF8.self) + "\",\""
      + String(decoding: first.second, as: UTF8.self) + "\"],"
    let less = try Self.definition("pairs", (spelled, ""))
    let error = #expect(throws: SpaceSteps.Unknown.self) { try PieceMerges(less) }
    #expect(error?.name.contains("without being merged") == true)
  }

  @Test func aByteWithoutATokenIsRefused() throws {
    let less = try Self.definition("pairs", ("<0x1F>", "<0x1F"))
    #expect(throws: SpaceSteps.Unknown.self) { try PieceMerges(less) }
  }

  @Test(arguments: ["unigram", "pairs"]) func aFlippedBitIsReadOrRefused(name: String) throws {
    var bytes = Array(try Self.text(name).utf8)
    for place in stride(from: 0, to: bytes.count, by: 5) {
      let bit = UInt8(1) << UInt8(place % 8)
      bytes[place] ^= bit
      do throws(CheckpointError) {
        let definition = try TokenizerDefinition(text: bytes, path: name)
        _ = try? UnigramRules(definition)
        _ = try? PieceMerges(definition)
      } catch {
        #expect(error.code == .invalidTokenizer)
      }
      bytes[place] ^= bit
    }
  }
}
