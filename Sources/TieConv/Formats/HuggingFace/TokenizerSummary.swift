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
    if let metadata = checkpoint.ggufMetadata {
      guard let summary = Self(gguf: metadata) else { return nil }
      self = summary
      return
    }
    guard checkpoint.otherFiles.contains(where: { $0.path == "tokenizer.json" }),
      let file = try? checkpoint.tree.open("tokenizer.json"), file.size <= Self.maximumSize,
      let text = try? file.bytes(in: 0..<file.size), let summary = Self(tokenizerJSON: text)
    else { return nil }
    self = summary
  }

  /// Reads the text of a tokenizer.json; nil where it is not one.
  ///
  /// In one pass and without a tree: these files are 2 to 40 MB, nearly all of it vocabulary and
  /// merges, of which only the greatest id matters.
  init?(tokenizerJSON text: [UInt8]) {
    guard text.firstInvalidUTF8() == nil else { return nil }
    var reader = TokenizerReader(scanner: JSONScanner(text))
    guard (try? reader.read()) != nil, reader.greatest >= 0, reader.greatest < Int.max else {
      return nil
    }
    size = reader.greatest + 1
    added = reader.added.filter { $0.key > reader.greatestOfBase }
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

/// Picks ids out of a tokenizer.json.
private struct TokenizerReader {
  var scanner: JSONScanner
  private(set) var greatestOfBase = -1
  private(set) var added: [Int: String] = [:]

  var greatest: Int { max(greatestOfBase, added.keys.max() ?? -1) }

  init(scanner: JSONScanner) { self.scanner = scanner }

  mutating func read() throws(JSONSyntaxError) {
    var root = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &root) {
      switch key {
      case "model" where scanner.peek() == UInt8(ascii: "{"): try readModel()
      case "added_tokens": readAddedTokens(try scanner.node(depth: 1))
      default: try scanner.passOverValue()
      }
    }
  }

  private mutating func readModel() throws(JSONSyntaxError) {
    var model = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &model) {
      if key == "vocab", scanner.peek() == UInt8(ascii: "{") {
        try readVocabulary()
      } else if key == "vocab", scanner.peek() == UInt8(ascii: "[") {
        try readPieces()
      } else {
        try scanner.passOverValue()
      }
    }
  }

  /// Text and id of each token.
  private mutating func readVocabulary() throws(JSONSyntaxError) {
    try scanner.expect("{")
    if scanner.accept("}") { return }
    repeat {
      try scanner.passOverValue()
      try scanner.expect(":")
      guard let id = scanner.natural() else { throw scanner.fault("expected an id") }
      greatestOfBase = max(greatestOfBase, Int(clamping: id))
    } while scanner.accept(",")
    try scanner.expect("}")
  }

  /// Unigram models list pairs of text and score; the place is the id.
  private mutating func readPieces() throws(JSONSyntaxError) {
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      try scanner.passOverValue()
      greatestOfBase += 1
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  private mutating func readAddedTokens(_ node: JSONNode) {
    for token in node.elements ?? [] {
      guard let id = token["id"]?.integer, id >= 0 else { continue }
      added[id] = token["content"]?.string ?? ""
    }
  }
}
