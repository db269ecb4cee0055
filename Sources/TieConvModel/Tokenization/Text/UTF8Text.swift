// Reading and writing scalars in UTF-8 bytes without making strings of them.

extension Span where Element == UInt8 {
  /// The scalar that starts at `offset`, and its length in bytes.
  ///
  /// The bytes are UTF-8 as a rule. Where they are not (a normalizer's table out of a damaged file)
  /// the answer is some scalar, and the length still stays within the text.
  func scalar(at offset: Int) -> (value: UInt32, length: Int) {
    let lead = self[offset]
    if lead < 0xC0 { return (UInt32(lead), 1) }
    let length = Swift.min(lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, count - offset)
    var value = UInt32(lead) & (lead < 0xE0 ? 0x1F : lead < 0xF0 ? 0x0F : 0x07)
    for place in 1..<Swift.max(length, 1) {
      value = value << 6 | UInt32(self[offset + place] & 0x3F)
    }
    return (value, length)
  }

  /// Where the scalar that ends at `offset` starts, at `floor` at the earliest.
  func scalarStart(before offset: Int, floor: Int) -> Int {
    var place = offset - 1
    while place > floor, self[place] & 0xC0 == 0x80, offset - place < 4 { place -= 1 }
    return Swift.max(place, floor)
  }

  /// How many scalars start in `range`.
  func scalarCount(_ range: Range<Int>) -> Int {
    range.reduce(0) { $0 + (self[$1] & 0xC0 == 0x80 ? 0 : 1) }
  }

  /// Whether `bytes` stand at `offset`.
  func hasBytes(_ bytes: [UInt8], at offset: Int, end: Int) -> Bool {
    guard bytes.count <= end - offset else { return false }
    for place in 0..<bytes.count where self[offset + place] != bytes[place] { return false }
    return true
  }
}

extension [UInt8] {
  /// Appends `scalar` in UTF-8; a surrogate or a number beyond Unicode becomes U+FFFD.
  mutating func append(scalar: UInt32) {
    if scalar < 0x80 {
      append(UInt8(scalar))
    } else {
      append(
        contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}")
          ?? UTF8.encodedReplacementCharacter)
    }
  }

  /// Appends `range` of `text`.
  mutating func append(_ text: [UInt8], _ range: Range<Int>) {
    append(contentsOf: text[range])
  }

  /// The scalars of UTF-8 text.
  var scalars: [UInt32] {
    var result: [UInt32] = []
    var place = 0
    while place < count {
      let (value, length) = span.scalar(at: place)
      result.append(value)
      place += length
    }
    return result
  }

  /// Whether no byte is beyond ASCII.
  var isASCII: Bool { !contains { $0 >= 0x80 } }
}
