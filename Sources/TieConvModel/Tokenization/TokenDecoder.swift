// From tokens back to text: the steps that a tokenizer names for it.

internal import TieConv

/// One step of decoding; steps change a list of tokens, which is joined at the end.
enum TokenDecoder: Sendable {
  case byteLevel
  case byteFallback
  case fuse
  case replace(PieceFinder, [UInt8])
  /// Takes up to so many of a character off each end of each token.
  case strip(character: [UInt8], start: Int, stop: Int)
  case metaspace(replacement: [UInt8], dropsFirst: Bool)
  case wordPiece(prefix: [UInt8], cleansUp: Bool)
  case suffix([UInt8])
  /// A step that this version has no code for; ids do not depend on it.
  case unsupported(String)

  /// `tokens` after this step; nil where the step has no code.
  func apply(_ tokens: [[UInt8]]) -> [[UInt8]]? {
    switch self {
    case .byteLevel:
      // A token that is not spelled in the alphabet stands for its own bytes.
      [tokens.flatMap { ByteAlphabet.decoded($0[...]) ?? $0 }]
    case .byteFallback: Self.byteFallback(tokens)
    case .fuse: [Array(tokens.joined())]
    case .replace(let finder, let replacement):
      tokens.map { token in
        var matcher = PatternMatcher(forBytes: token.count)
        return Normalizer.replaced(token, finder, replacement, &matcher)
      }
    case .strip(let character, let start, let stop):
      tokens.map { Self.stripped($0, character, start, stop) }
    case .metaspace(let replacement, let dropsFirst):
      tokens.enumerated().map { index, token in
        var matcher = PatternMatcher(forBytes: token.count)
        let isDropped = index == 0 && dropsFirst
        return Normalizer.replaced(
          token, .literal(replacement), isDropped ? [] : [0x20], &matcher)
      }
    case .wordPiece(let prefix, let cleansUp):
      tokens.enumerated().map { index, token in
        var word = token
        if index > 0 {
          word = token.starts(with: prefix) ? Array(token[prefix.count...]) : [0x20] + token
        }
        return cleansUp ? Self.cleanedUp(word) : word
      }
    case .suffix(let suffix):
      tokens.enumerated().map { index, token in
        var matcher = PatternMatcher(forBytes: token.count)
        let replacement: [UInt8] = index == tokens.count - 1 ? [] : [0x20]
        return Normalizer.replaced(token, .literal(suffix), replacement, &matcher)
      }
    case .unsupported: nil
    }
  }

  /// Runs of byte tokens become text where they are UTF-8, and U+FFFD for each byte where not.
  private static func byteFallback(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var bytes: [UInt8] = []
    func flush() {
      if bytes.isEmpty { return }
      if bytes.firstInvalidUTF8() == nil {
        result.append(bytes)
      } else {
        result.append(contentsOf: bytes.map { _ in Array("\u{FFFD}".utf8) })
      }
      bytes = []
    }
    for token in tokens {
      if let byte = ByteFallback.byte(of: token) {
        bytes.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  private static func stripped(
    _ token: [UInt8], _ character: [UInt8], _ start: Int, _ stop: Int
  ) -> [UInt8] {
    var rest = token[...]
    guard !character.isEmpty else { return token }
    var taken = 0
    while taken < start, rest.starts(with: character) {
      rest = rest.dropFirst(character.count)
      taken += 1
    }
    taken = 0
    while taken < stop, rest.count >= character.count,
      rest.suffix(character.count).elementsEqual(character)
    {
      rest = rest.dropLast(character.count)
      taken += 1
    }
    return Array(rest)
  }

  /// What the reference does to English text, in this order.
  private static let cleanUps: [(String, String)] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ]

  private static func cleanedUp(_ word: [UInt8]) -> [UInt8] {
    cleanUps.reduce(word) { text, pair in
      var matcher = PatternMatcher(forBytes: text.count)
      return Normalizer.replaced(
        text, .literal(Array(pair.0.utf8)), Array(pair.1.utf8), &matcher)
    }
  }
}
