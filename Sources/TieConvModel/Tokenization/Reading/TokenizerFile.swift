// tokenizer.json in one pass: vocabulary and merges flat, all else as small trees.

internal import TieConv

/// What a tokenizer.json says, not yet judged.
struct TokenizerFile {
  /// The largest file that is read; real ones are below 40 MB.
  static let maximumSize = 256 << 20

  /// Text pieces one behind the other.
  struct Texts {
    var bytes: [UInt8] = []
    var ends: [Int32] = []

    mutating func append(_ text: String) {
      bytes.append(contentsOf: text.utf8)
      ends.append(Int32(truncatingIfNeeded: bytes.count))
    }

    subscript(place: Int) -> ArraySlice<UInt8> {
      bytes[(place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])]
    }

    var count: Int { ends.count }
  }

  /// Members of the root object, but for the model.
  private(set) var root: [String: JSONNode] = [:]
  /// Members of the model, but for vocabulary and merges.
  private(set) var model: [String: JSONNode] = [:]
  private(set) var tokens = Texts()
  /// Ids of the tokens; empty where the vocabulary is a list.
  private(set) var ids: [UInt32] = []
  /// Scores of the tokens, where the vocabulary is a list.
  private(set) var scores: [Double] = []
  /// Two texts for each merge.
  private(set) var merges = Texts()
  private(set) var hasMerges = false

  private var scanner: JSONScanner

  /// Reads `text`.
  init(_ text: [UInt8]) throws(JSONSyntaxError) {
    if let offset = text.firstInvalidUTF8() {
      throw JSONSyntaxError(kind: .encoding, offset: offset, message: "not UTF-8")
    }
    scanner = JSONScanner(text)
    var cursor = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &cursor) {
      if key == "model" { try readModel() } else { root[key] = try scanner.node(depth: 1) }
    }
    try scanner.expectEnd()
    scanner = JSONScanner([])
  }

  private mutating func readModel() throws(JSONSyntaxError) {
    var cursor = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &cursor) {
      switch key {
      case "vocab" where scanner.peek() == UInt8(ascii: "{"): try readVocabulary()
      case "vocab": try readPieces()
      case "merges": try readMerges()
      default: model[key] = try scanner.node(depth: 2)
      }
    }
  }

  private mutating func readVocabulary() throws(JSONSyntaxError) {
    try scanner.expect("{")
    if scanner.accept("}") { return }
    repeat {
      tokens.append(try scanner.string())
      try scanner.expect(":")
      guard let id = scanner.natural(), let small = UInt32(exactly: id) else {
        throw scanner.fault("expected an id")
      }
      ids.append(small)
    } while scanner.accept(",")
    try scanner.expect("}")
  }

  /// Pairs of text and score; the place is the id.
  private mutating func readPieces() throws(JSONSyntaxError) {
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      try scanner.expect("[")
      tokens.append(try scanner.string())
      try scanner.expect(",")
      guard let score = Double(try scanner.number()), score.isFinite else {
        throw scanner.fault("expected a score")
      }
      scores.append(score)
      try scanner.expect("]")
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  /// Merges are pairs, or, in older files, one text with a space between the two.
  private mutating func readMerges() throws(JSONSyntaxError) {
    hasMerges = true
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      if scanner.accept("[") {
        merges.append(try scanner.string())
        try scanner.expect(",")
        merges.append(try scanner.string())
        try scanner.expect("]")
      } else {
        try appendMerge(try scanner.string())
      }
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  private mutating func appendMerge(_ text: String) throws(JSONSyntaxError) {
    if text.hasPrefix("#version") { return }
    let sides = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
    guard sides.count == 2 else { throw scanner.fault("expected two parts with a space between") }
    for side in sides { merges.append(String(side) ?? "") }
  }
}
