// Tokens that are cut out of a text before anything else is done to it.

/// A token outside the model's own vocabulary, or lifted out of it.
struct AddedToken: Sendable, Equatable {
  var content: [UInt8]
  var id: Int32
  /// Whether it takes the white space before it, or behind it.
  var stripsLeft = false
  var stripsRight = false
  /// Whether it counts only where no word goes on around it.
  var isSingleWord = false
  /// Whether it is looked for in the normalized text.
  var isNormalized = false
  /// Whether decoding may leave it out.
  var isSpecial = false
}

/// Finds added tokens, leftmost first, the longest of those that start at one place.
struct AddedTokenFinder: Sendable {
  private let tokens: [AddedToken]
  private let trie: PieceTrie

  var isEmpty: Bool { tokens.isEmpty }

  /// A finder of `tokens`, by their contents.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    trie = PieceTrie(tokens.enumerated().map { ($1.content[...], Int32($0)) })
  }

  /// A part of a text: a token, or text between tokens.
  struct Part {
    let range: Range<Int>
    let id: Int32?
  }

  /// Cuts `text` at its tokens.
  func parts(_ text: Span<UInt8>) -> [Part] {
    guard !tokens.isEmpty else { return [Part(range: 0..<text.count, id: nil)] }
    var parts: [Part] = []
    var done = 0
    var place = 0
    while place < text.count {
      guard trie.starts(with: text[place]) else {
        place += 1
        continue
      }
      var found: (end: Int, token: Int32)?
      trie.prefixes(of: text, from: place, end: text.count) { end, token in found = (end, token) }
      guard let found else {
        place += 1
        continue
      }
      let token = tokens[Int(found.token)]
      var start = place
      var end = found.end
      place = found.end
      if token.isSingleWord, !Self.standsAlone(text, start..<end) { continue }
      if token.stripsLeft { start = max(Self.spaceStart(text, before: start), done) }
      if token.stripsRight { end = Self.spaceEnd(text, after: end) }
      if done < start { parts.append(Part(range: done..<start, id: nil)) }
      parts.append(Part(range: min(start, end)..<end, id: token.id))
      done = end
    }
    if done < text.count { parts.append(Part(range: done..<text.count, id: nil)) }
    return parts
  }

  private static func standsAlone(_ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
    let table = ScalarTable.shared
    if range.lowerBound > 0 {
      let before = text.scalarStart(before: range.lowerBound, floor: 0)
      if table.isWord(text.scalar(at: before).value) { return false }
    }
    return range.upperBound == text.count || !table.isWord(text.scalar(at: range.upperBound).value)
  }

  private static func spaceStart(_ text: Span<UInt8>, before end: Int) -> Int {
    var place = end
    while place > 0 {
      let before = text.scalarStart(before: place, floor: 0)
      guard ScalarTable.shared.isWhiteSpace(text.scalar(at: before).value) else { break }
      place = before
    }
    return place
  }

  private static func spaceEnd(_ text: Span<UInt8>, after start: Int) -> Int {
    var place = start
    while place < text.count {
      let (scalar, length) = text.scalar(at: place)
      guard ScalarTable.shared.isWhiteSpace(scalar) else { break }
      place += length
    }
    return place
  }
}
