// The alphabet that byte-level vocabularies are spelled in: a printable character for every byte.

/// GPT-2's mapping of bytes to characters: printable Latin-1 stands for itself, the other 68 bytes
/// for U+0100 and on, in order.
enum ByteAlphabet {
  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
  }

  private static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt8.min...UInt8.max).map { byte in
      if isPrintable(byte) { return UInt32(byte) }
      next += 1
      return next - 1
    }
  }()

  private static let bytes: [UInt8?] = {
    var bytes = [UInt8?](repeating: nil, count: 0x100 + 68)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt8(byte) }
    return bytes
  }()

  /// The character that stands for `byte`.
  static func scalar(of byte: UInt8) -> UInt32 { scalars[Int(byte)] }

  /// The bytes that `text` spells; nil where a character is not of the alphabet.
  static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    let all = Array(text)
    var place = 0
    while place < all.count {
      let (scalar, length) = all.span.scalar(at: place)
      guard scalar < UInt32(bytes.count), let byte = bytes[Int(scalar)] else { return nil }
      result.append(byte)
      place += length
    }
    return result
  }
}
