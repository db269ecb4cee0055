// How many tokens a tokenizer has, and which were added: what explains odd rows of a table.

internal import TieConvIO

/// The size of a checkpoint's tokenizer.
public struct TokenizerSummary: Sendable, Equatable {
  /// One more than the greatest token id.
  public let size: Int
  /// Ids of tokens that were added to the base vocabulary, with their text.
  public let added: [Int: String]

  /// Reads tokenizer.json of `checkpoint`'s folder; nil where there is none that can be read.
  ///
  /// Its only use is to explain what other facts show, so a damaged one explains nothing.
  init?(of checkpoint: Checkpoint) {
    if let metadata = checkpoint.ggufMetadata {
      guard let summary = Self(gguf: metadata) else { return nil }
      self = summary
      return
    }
    guard checkpoint.otherFiles.contains(where: { $0.path == "tokenizer.json" }),
      let file = try? checkpoint.tree.open("tokenizer.json"),
      file.size <= TokenizerJSON.maximumSize,
      let text = try? file.bytes(in: 0..<file.size), let summary = Self(tokenizerJSON: text)
    else { return nil }
    self = summary
  }

  /// Reads the text of a tokenizer.json; nil where it is not one.
  ///
  /// In one pass and without a tree: these files are 2 to 40 MB, nearly all of it vocabulary and
  /// merges, of which only the greatest id matters.
  init?(tokenizerJSON text: [UInt8]) {
    guard let file = try? TokenizerJSON(text, extent: .ids) else { return nil }
    var added: [Int: String] = [:]
    for token in file.root["added_tokens"]?.elements ?? [] {
      guard let id = token["id"]?.integer, id >= 0 else { continue }
      added[id] = token["content"]?.string ?? ""
    }
    let greatest = max(file.greatestID, added.keys.max() ?? -1)
    guard greatest >= 0, greatest < Int.max else { return nil }
    size = greatest + 1
    self.added = added.filter { $0.key > file.greatestID }
  }
}

extension TokenizerSummary {
  /// Reads the vocabulary of a GGUF model; nil where it has none.
  init?(gguf metadata: GGUFMetadata) {
    guard let tokens = metadata["tokenizer.ggml.tokens"]?.strings else { return nil }
    // Types of llama.cpp: 3 is a control token, 4 one that a user defined.
    let types = metadata["tokenizer.ggml.token_type"]?.integers ?? []
    let special = zip(tokens.indices, types).filter { $1 == 3 || $1 == 4 }.map(\.0)
    self.init(
      size: tokens.count,
      added: Dictionary(special.map { ($0, tokens[$0]) }, uniquingKeysWith: { first, _ in first }))
  }

  private init(size: Int, added: [Int: String]) {
    self.size = size
    self.added = added
  }
}
