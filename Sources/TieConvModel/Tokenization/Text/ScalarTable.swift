// What a scalar is, looked up by its number: categories as the reference's regex engine knows them.

/// Categories of all scalars in two stages.
///
/// The reference (the `tokenizers` package, with Oniguruma) knows Unicode 16. The standard library
/// may know more: a scalar that came later is unassigned here, so that no id depends on the Swift
/// that this was built with.
struct ScalarTable: Sendable {
  /// The one table; it takes some milliseconds to make.
  static let shared = ScalarTable()

  /// Set beside the category in ``properties(_:)``: what `\w` matches.
  static let wordBit: UInt8 = 0x20

  private let blocks: [UInt16]
  private let values: [UInt8]

  private init() {
    var blocks = [UInt16](repeating: 0, count: 0x1100)
    // Block 0 of the values: nothing assigned; block 1: private use.
    let privateUse = ScalarCategory.number(of: .privateUse)
    var values = [UInt8](repeating: 0, count: 256) + [UInt8](repeating: privateUse, count: 256)
    for block in 0..<0x1100 {
      switch block {
      case 0..<0x400, 0xE00..<0xE10, 0xFFF, 0x10FF:
        blocks[block] = UInt16(values.count >> 8)
        for low in 0..<256 { values.append(Self.property(UInt32(block << 8 | low))) }
      case 0xF00..<0x10FF: blocks[block] = 1
      default: blocks[block] = 0
      }
    }
    self.blocks = blocks
    self.values = values
  }

  /// The category's number, with ``wordBit`` where `\w` matches.
  @inline(__always)
  func properties(_ scalar: UInt32) -> UInt8 {
    let block = Int(scalar >> 8)
    guard block < blocks.count else { return 0 }
    return values[Int(blocks[block]) << 8 | Int(scalar & 0xFF)]
  }

  /// The category's number.
  func category(_ scalar: UInt32) -> UInt8 { properties(scalar) & 0x1F }

  /// Whether the scalar's category is in `mask`.
  func isIn(_ mask: UInt32, _ scalar: UInt32) -> Bool { mask >> UInt32(category(scalar)) & 1 == 1 }

  /// Whether the scalar is white space as Unicode has it.
  func isWhiteSpace(_ scalar: UInt32) -> Bool {
    scalar < 0x80
      ? scalar == 0x20 || (9...13).contains(scalar) : isIn(ScalarCategory.whiteSpace, scalar)
  }

  /// Whether a word goes on at this scalar, for tokens that match whole words only.
  func isWord(_ scalar: UInt32) -> Bool {
    properties(scalar) & Self.wordBit != 0 && !Self.superscripts.contains(scalar)
      || scalar == 0x200C || scalar == 0x200D
  }

  /// Oniguruma takes these for word characters in its Latin-1 tables, against Unicode's rule.
  private static let superscripts: Set<UInt32> = [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE]

  private static func property(_ value: UInt32) -> UInt8 {
    guard let scalar = Unicode.Scalar(value), isKnown(scalar, 16) else { return 0 }
    if value == 0x85 { return ScalarCategory.nextLine }
    // Unicode 17 made a letter without case of this one.
    if value == 0x295 { return ScalarCategory.number(of: .lowercaseLetter) | wordBit }
    let properties = scalar.properties
    let number = ScalarCategory.number(of: properties.generalCategory)
    let isWord =
      properties.isAlphabetic
      || (ScalarCategory.marks | 1 << 9 | 1 << 12) >> UInt32(number) & 1 == 1
      || superscripts.contains(value)
    return number | (isWord ? wordBit : 0)
  }

  /// Whether `scalar` was assigned by version `major` of Unicode.
  static func isKnown(_ scalar: Unicode.Scalar, _ major: Int) -> Bool {
    guard let age = scalar.properties.age else { return false }
    return age.major < major || (age.major == major && age.minor == 0)
  }
}
