// An array of strings as one run of bytes: a vocabulary has hundreds of thousands of them, and most
// readers want none.

/// The strings of a GGUF array. Each is made only when it is asked for.
public struct GGUFStrings: Sendable, RandomAccessCollection, Equatable {
  /// The bytes that hold the strings, possibly with others around them.
  private let bytes: [UInt8]
  /// Where each string begins and ends in `bytes`, one pair a string.
  private let bounds: [(begin: UInt32, end: UInt32)]

  /// The strings of `texts`.
  public init(_ texts: some Sequence<String>) {
    var bytes: [UInt8] = []
    var bounds: [(begin: UInt32, end: UInt32)] = []
    for text in texts {
      // A header has fewer than 2^32 bytes; what is beyond that no writer accepts.
      let begin = UInt32(clamping: bytes.count)
      bytes += text.utf8
      bounds.append((begin, UInt32(clamping: bytes.count)))
    }
    self.bytes = bytes
    self.bounds = bounds
  }

  /// The strings at `bounds` of `bytes`, which lie within it.
  init(bytes: [UInt8], bounds: [(begin: UInt32, end: UInt32)]) {
    self.bytes = bytes
    self.bounds = bounds
  }

  /// The first position.
  public var startIndex: Int { 0 }
  /// The position past the last.
  public var endIndex: Int { bounds.count }

  /// The string at `position`; bytes that are not UTF-8 become U+FFFD.
  public subscript(position: Int) -> String {
    String(decoding: self.utf8(at: position), as: UTF8.self)
  }

  /// The bytes of the string at `position`, as stored.
  public func utf8(at position: Int) -> ArraySlice<UInt8> {
    let (begin, end) = bounds[position]
    return bytes[Int(begin)..<Int(end)]
  }

  /// Whether both hold the same bytes in the same order.
  public static func == (one: Self, other: Self) -> Bool {
    one.count == other.count && one.indices.allSatisfy { one.utf8(at: $0) == other.utf8(at: $0) }
  }
}

extension GGUFStrings: ExpressibleByArrayLiteral {
  /// The strings of a literal.
  public init(arrayLiteral elements: String...) { self.init(elements) }
}
