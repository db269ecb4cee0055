// tokenizer.json in one pass: vocabulary and merges, nearly all of the file, flat in memory; all else as
// small trees. The one reader of that file; what its parts mean is judged where they are used.

/// What a tokenizer.json says, not yet judged.
package struct TokenizerJSON: Sendable {
  /// The largest file that is read; real ones are below 40 MB.
  package static let maximumSize = 256 << 20

  /// How much of a file is read.
  package enum Extent: Sendable {
    case everything
    /// Ids and added tokens alone; all else is passed over and not checked.
    case ids
  }

  /// Text pieces one behind the other.
  package struct Texts: Sendable {
    fileprivate var bytes: [UInt8] = []
    fileprivate var ends: [Int32] = []

    package var count: Int { ends.count }

    package subscript(place: Int) -> ArraySlice<UInt8> {
      bytes[(place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])]
    }

    fileprivate mutating func append(_ text: ArraySlice<UInt8>) {
      bytes.append(contentsOf: text)
      endText()
    }

    /// The file is below 2 GiB, and no text is longer unescaped.
    fileprivate mutating func endText() { ends.append(Int32(truncatingIfNeeded: bytes.count)) }
  }

  /// Members of the root object, but for the model; nulls are left out.
  package private(set) var root: [String: JSONNode] = [:]
  /// Members of the model, but for vocabulary and merges; nulls are left out.
  package private(set) var model: [String: JSONNode] = [:]
  /// The texts of the model's tokens; none where only ids are read.
  package private(set) var tokens = Texts()
  /// Ids of the tokens, where the vocabulary is an object.
  package private(set) var ids: [UInt32] = []
  /// Scores of the tokens, all finite, where the vocabulary is a list; the place is the id.
  package private(set) var scores: [Double] = []
  /// Two texts for each merge, best first.
  package private(set) var merges = Texts()
  private var hasMerges = false
  /// The number of entries of a vocabulary that is a list.
  private(set) var listed = 0

  /// A file that says nothing.
  init() {}

  /// Reads `text`.
  ///
  /// - Throws: where it is not UTF-8 or not JSON, an id does not fit 32 bits, a score is not finite,
  ///   or a merge has not two parts.
  package init(_ text: [UInt8], extent: Extent = .everything) throws(JSONSyntaxError) {
    if let offset = text.firstInvalidUTF8() {
      throw JSONSyntaxError(kind: .encoding, offset: offset, message: "not UTF-8")
    }
    var scanner = JSONScanner(text)
    var cursor = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &cursor) {
      switch (key, extent) {
      case ("model", .everything): try readModel(&scanner)
      case ("model", .ids) where scanner.peek() == UInt8(ascii: "{"): try readIDs(&scanner)
      case ("added_tokens", .ids), (_, .everything):
        let node = try scanner.node(depth: 1)
        if node.value != .null { root[key] = node }
      default: try scanner.passOverValue()
      }
    }
    if extent == .everything { try scanner.expectEnd() }
  }

  /// `BPE`, `Unigram`, `WordPiece`, `WordLevel`…; older files do not say what they are.
  package var modelType: String {
    if let type = model["type"]?.string { return type }
    if hasMerges { return "BPE" }
    if !scores.isEmpty { return "Unigram" }
    return model["max_input_chars_per_word"] != nil ? "WordPiece" : "WordLevel"
  }

  /// The id of the token at `place` of the file.
  package func id(_ place: Int) -> Int { ids.isEmpty ? place : Int(ids[place]) }

  /// The text of the token at `place` of the file.
  func text(_ place: Int) -> String { String(decoding: tokens[place], as: UTF8.self) }

  /// The greatest id of the model's own tokens; -1 where there are none.
  var greatestID: Int { max(ids.max().map(Int.init) ?? -1, listed - 1) }
}

// MARK: The model

extension TokenizerJSON {
  private mutating func readModel(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    var cursor = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &cursor) {
      switch key {
      case "vocab" where scanner.peek() == UInt8(ascii: "{"): try readVocabulary(&scanner)
      case "vocab": try readPieces(&scanner)
      case "merges": try readMerges(&scanner)
      default:
        let node = try scanner.node(depth: 2)
        if node.value != .null { model[key] = node }
      }
    }
  }

  /// Texts are told apart by their bytes: two spellings of one character are two tokens.
  private mutating func readVocabulary(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    try scanner.expect("{")
    if scanner.accept("}") { return }
    repeat {
      try scanner.appendString(to: &tokens.bytes)
      tokens.endText()
      try readID(&scanner)
    } while scanner.accept(",")
    try scanner.expect("}")
  }

  private mutating func readID(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    try scanner.expect(":")
    guard let id = scanner.natural(), let small = UInt32(exactly: id) else {
      throw scanner.fault("expected an id")
    }
    ids.append(small)
  }

  /// Pairs of text and score; the place is the id.
  private mutating func readPieces(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      try scanner.expect("[")
      try scanner.appendString(to: &tokens.bytes)
      tokens.endText()
      try scanner.expect(",")
      guard let score = Double(try scanner.number()), score.isFinite else {
        throw scanner.fault("expected a score")
      }
      scores.append(score)
      try scanner.expect("]")
      listed += 1
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  /// Merges are pairs, or, in older files, one text with a space between the two.
  private mutating func readMerges(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    hasMerges = true
    var line: [UInt8] = []
    try scanner.expect("[")
    if scanner.accept("]") { return }
    repeat {
      if scanner.accept("[") {
        try scanner.appendString(to: &merges.bytes)
        merges.endText()
        try scanner.expect(",")
        try scanner.appendString(to: &merges.bytes)
        merges.endText()
        try scanner.expect("]")
      } else {
        line.removeAll(keepingCapacity: true)
        try scanner.appendString(to: &line)
        // The first line of a merges.txt, which some writers took along.
        if line.starts(with: "#version".utf8) { continue }
        let sides = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard sides.count == 2 else {
          throw scanner.fault("expected two parts with a space between")
        }
        for side in sides { merges.append(side) }
      }
    } while scanner.accept(",")
    try scanner.expect("]")
  }

  /// The ids of the vocabulary; all else of the model is passed over.
  private mutating func readIDs(_ scanner: inout JSONScanner) throws(JSONSyntaxError) {
    var cursor = try scanner.beginObject()
    while let (key, _) = try scanner.nextKey(of: &cursor) {
      guard key == "vocab", scanner.accept("{") || scanner.accept("[") else {
        try scanner.passOverValue()
        continue
      }
      if scanner.accept("}") || scanner.accept("]") { continue }
      let isList = scanner.peek() == UInt8(ascii: "[")
      repeat {
        try scanner.passOverValue()
        if isList { listed += 1 } else { try readID(&scanner) }
      } while scanner.accept(",")
      try scanner.expect(isList ? "]" : "}")
    }
  }
}
