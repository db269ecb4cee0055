// Damage that knows nothing of the format: flips, cuts, repeats, and numbers at the limits.

/// Mutations of bytes.
enum ByteMutator {
  /// Limits of the types that a length may be read into, and their neighbours.
  static let limits: [UInt64] = [
    0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
    0x1_0000_0000, 99_999_999, 100_000_000, 100_000_001, 1 << 53, 1 << 61, 1 << 62,
    0x7FFF_FFFF_FFFF_FFF7, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFF8,
    0xFFFF_FFFF_FFFF_FFFF,
  ]

  static func mutate(_ bytes: inout [UInt8], _ random: inout RandomSource) {
    guard !bytes.isEmpty else {
      bytes = (0..<random.below(24)).map { _ in UInt8(random.below(256)) }
      return
    }
    let place = random.below(bytes.count)
    switch random.below(9) {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = UInt8(random.below(256))
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.removeSubrange(span(bytes, &random))
    case 4: bytes.insert(contentsOf: bytes[span(bytes, &random)], at: place)
    case 5:
      bytes.insert(
        contentsOf: (0...random.below(8)).map { _ in UInt8(random.below(256)) }, at: place)
    case 6:
      let piece = Array(bytes[span(bytes, &random)])
      let end = min(bytes.count, place + piece.count)
      bytes.replaceSubrange(place..<end, with: piece)
    case 7:
      let width = random.pick([1, 2, 4, 8])
      let limit = random.pick(limits)
      for offset in 0..<width where place + offset < bytes.count {
        bytes[place + offset] = UInt8(truncatingIfNeeded: limit >> UInt64(8 * offset))
      }
    default:
      let syntax = Array("{}[]\",:0-+.eE\\/utfn \t\n\r\u{0}\u{7f}".utf8)
      bytes[place] = random.pick(syntax)
    }
  }

  /// A run of bytes, mostly short.
  static func span(_ bytes: [UInt8], _ random: inout RandomSource) -> Range<Int> {
    let start = random.below(bytes.count)
    let longest = random.once(in: 4) ? bytes.count : 16
    return start..<min(bytes.count, start + 1 + random.below(longest))
  }
}
