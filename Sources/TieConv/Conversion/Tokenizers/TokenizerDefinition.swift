// tokenizer.json as values: vocabulary and merges in one pass without a tree, for they are nearly all
// of the file; everything small as nodes.

/// What a tokenizer.json says.
struct TokenizerDefinition: Sendable {
  /// A token that was added to the model's own.
  struct AddedToken: Sendable, Equatable {
    var id: Int
    var content: String
    var isSpecial = false
    var isNormalized = false
  }

  /// The model's type: `BPE`, `Unigram`, `WordPiece`…
  var kind = ""
  /// The model's tokens with their ids, in the file's order.
  var vocabulary: [(text: String, id: Int)] = []
  /// The scores of a unigram model, by id.
  var scores: [Double] = []
  /// The merges of a BPE model, best first.
  var merges: [(first: String, second: String)] = []
  /// Whether characters out of the vocabulary become byte tokens.
  var hasByteFallback = false
  /// Whether a word that is a token is never taken apart.
  var ignoresMerges = false
  /// The token that stands for what is unknown.
  var unknownToken: String?
  /// Tokens added to the model's own.
  var addedTokens: [AddedToken] = []
  /// What is done to text first.
  var normalizer: JSONNode?
  /// How text is split.
  var preTokenizer: JSONNode?
  /// What is put around the ids.
  var postProcessor: JSONNode?

  /// One more than the greatest id.
  var size: Int {
    1 + max(vocabulary.lazy.map(\.id).max() ?? -1, addedTokens.lazy.map(\.id).max() ?? -1)
  }
}

extension TokenizerDefinition {
  /// The largest file that is read; real ones are below 40 MB.
  static let maximumSize = 256 << 20
  /// The greatest id that is believed; the largest vocabulary known has 262 208 tokens.
  static let maximumID = 1 << 24

  /// Reads `text`.
  ///
  /// - Throws: `invalidTokenizer` where it is not the JSON of a tokenizer, or a token has no sane id.
  init(text: [UInt8], path: String) throws(CheckpointError) {
    if let offset = text.firstInvalidUTF8() {
      throw CheckpointError(
        .invalidTokenizer, file: path, offset: offset, "tokenizer is not UTF-8")
    }
    var reader = TokenizerDefinitionReader(text)
    do { self = try reader.read() } catch {
      throw CheckpointError(
        .invalidTokenizer, file: path, offset: error.offset,
        "tokenizer is not what it should be: \(error.message)")
    }
    guard (0..<Self.maximumID).contains(size) else {
      throw CheckpointError(
        .invalidTokenizer, file: path, "a token's id is out of bounds", found: "\(size - 1)",
        expected: "less than \(Self.maximumID)")
    }
  }
}

/// Takes a tokenizer.json apart.
private struct TokenizerDefinitionReader {
  private var scanner: JSONScanner
  private var definition = TokenizerDefinition()

  init(_ text: [UInt8]) { scanner = JSONScanner(text) }

  mutating func read() throws(JSONSyntaxError) -> TokenizerDefinition {
    var root = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &root) {
      switch key {
      case "model": try readModel()
      case "added_tokens": try readAddedTokens()
      case "normalizer": definition.normalizer = try nodeOrNil()
      case "pre_tokenizer": definition.preTokenizer = try nodeOrNil()
      case "post_processor": definition.postProcessor = try nodeOrNil()
      default: try scanner.skipValue(depth: 1)
      }
    }
    try scanner.expectEnd()
    return definition
  }

  private mutating func nodeOrNil() throws(JSONSyntaxError) -> JSONNode? {
    let node = try scanner.node(depth: 1)
    return node.value == .null ? nil : node
  }

  private mutating func readModel() throws(JSONSyntaxError) {
    var model = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &model) {
      switch key {
      case "type": definition.kind = try scanner.node(depth: 2).string ?? ""
      case "byte_fallback":
        definition.hasByteFallback = try scanner.node(depth: 2).bool ?? false
      case "ignore_merges": definition.ignoresMerges = try scanner.node(depth: 2).bool ?? false
      case "unk_token": definition.unknownToken = try scanner.node(depth: 2).string
      case "vocab" where scanner.peek() == UInt8(ascii: "{"): try readVocabulary()
      case "vocab": try readPieces()
      case "merges": try readMerges()
      default: try scanner.skipValue(depth: 2)
      }
    }
  }

  /// Texts and ids. Texts are told apart by their bytes: two spellings of one character are two
  /// tokens.
  private mutating func readVocabulary() throws(JSONSyntaxError) {
    try scanner.expect("{")
    if scanner.accept("}") { return }
    repeat {
      let text = try scanner.string()
      try scanner.expect(":")
      guard let id = scanner.natural(), id < UInt64(TokenizerDefinition.maximumID) else {
        throw scanner.fault("expected an id")
      }
      definition.vocabulary.append((text, Int(id)))
    } while scanner.accept(",")
    try scanner.expect("}")
  }

  /// Pairs of text and score; the place is the id.
  private mutating func readPieces() throws(JSONSyntaxError) {
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      try scanner.expect("[")
      let text = try scanner.string()
      try scanner.expect(",")
      guard let score = Double(String(try scanner.number())) else {
        throw scanner.fault("expected a score")
      }
      try scanner.expect("]")
      definition.vocabulary.append((text, definition.vocabulary.count))
      definition.scores.append(score)
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  /// `"a b"`, or `["a", "b"]` in newer files.
  private mutating func readMerges() throws(JSONSyntaxError) {
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      if scanner.accept("[") {
        let first = try scanner.string()
        try scanner.expect(",")
        let second = try scanner.string()
        try scanner.expect("]")
        definition.merges.append((first, second))
      } else {
        let text = try scanner.string()
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw scanner.fault("expected a merge of two tokens") }
        definition.merges.append((String(parts[0]), String(parts[1])))
      }
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  private mutating func readAddedTokens() throws(JSONSyntaxError) {
    let node = try scanner.node(depth: 1)
    for token in node.elements ?? [] {
      guard let id = token["id"]?.integer, (0..<TokenizerDefinition.maximumID).contains(id),
        let content = token["content"]?.string
      else { throw scanner.fault("an added token without id or content") }
      definition.addedTokens.append(
        TokenizerDefinition.AddedToken(
          id: id, content: content, isSpecial: token["special"]?.bool ?? false,
          isNormalized: token["normalized"]?.bool ?? false))
    }
  }
}
