// How many tokens a tokenizer has, and which were added: what explains odd rows of a table.

internal import TieConvIO

/// The size of a checkpoint's tokenizer.
public struct TokenizerSummary: Sendable, Equatable {
  /// The largest tokenizer.json that is read; real ones are below 40 MB.
  static let maximumSize = 256 << 20

  /// One more than the greatest token id.
  public let size: Int
  /// Ids of tokens that were added to the base vocabulary, with their text.
  public let added: [Int: String]

  /// Reads tokenizer.json of `checkpoint`'s folder; nil where there is none that can be read.
  ///
  /// Its only use is to explain what other facts show, so a damaged one explains nothing.
  init?(of checkpoint: Checkpoint) {
    let path = FilePath.join(checkpoint.folder, "tokenizer.json")
    guard checkpoint.otherFiles.contains(where: { $0.path == "tokenizer.json" }),
      let file = try? InputFile(path), file.size <= Self.maximumSize,
      let text = try? file.bytes(in: 0..<file.size), let summary = Self(tokenizerJSON: text)
    else { return nil }
    self = summary
  }

  /// Reads the text of a tokenizer.json.
  init?(tokenizerJSON text: [UInt8]) {
    guard let root = try? JSONNode.parse(text) else { return nil }
    var greatest = -1
    var added: [Int: String] = [:]
    let vocabulary = root["model"]?["vocab"]
    for member in vocabulary?.members ?? [] {
      greatest = max(greatest, member.node.integer ?? -1)
    }
    // Unigram models list pairs of text and score; the place is the id.
    if let pairs = vocabulary?.elements { greatest = max(greatest, pairs.count - 1) }
    let base = greatest
    for token in root["added_tokens"]?.elements ?? [] {
      guard let id = token["id"]?.integer, id >= 0 else { continue }
      greatest = max(greatest, id)
      if id > base { added[id] = token["content"]?.string ?? "" }
    }
    guard greatest >= 0, greatest < Int.max else { return nil }
    size = greatest + 1
    self.added = added
  }
}
