// Little-endian numbers out of a few bytes that were read.

/// Bytes and a place in them; reading past the end gives nil, never a trap.
struct LittleEndianBytes {
  private let bytes: [UInt8]
  private(set) var place: Int

  init(_ bytes: [UInt8], at place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  /// The bytes that are left.
  var rest: Int { bytes.count - place }

  /// The next `width` bytes, at most 8, as a number.
  mutating func number(_ width: Int) -> UInt64? {
    guard rest >= width else { return nil }
    var value: UInt64 = 0
    for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[place + index]) }
    place += width
    return value
  }

  /// The next `count` bytes.
  mutating func run(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, rest >= count else { return nil }
    defer { place += count }
    return bytes[place..<place + count]
  }
}
