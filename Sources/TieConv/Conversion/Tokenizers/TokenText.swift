// Tokens are bytes: Swift's strings call é and e with an accent equal, tokenizers do not.

/// A token's text that is equal to another only where all bytes are.
struct TokenText: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }
  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension String {
  /// Whether both have the same bytes.
  func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  /// SentencePiece's mark of a space.
  static let spaceMark = "\u{2581}"

  /// The text with every `mark` replaced, byte for byte.
  func replacing(mark: String, with other: String) -> String {
    guard utf8.count >= mark.utf8.count else { return self }
    var result: [UInt8] = []
    let bytes = Array(utf8)
    let wanted = Array(mark.utf8)
    var place = 0
    while place < bytes.count {
      if place + wanted.count <= bytes.count,
        bytes[place..<place + wanted.count].elementsEqual(wanted)
      {
        result += other.utf8
        place += wanted.count
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
