// Punctuation as BERT's pre-tokenizer has it: ASCII symbols too, and Unicode 8 beyond.

/// Scalars that BERT cuts at.
enum Punctuation {
  private static let categories: UInt32 =
    1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 17 | 1 << 18

  /// Whether `scalar` is punctuation.
  static func contains(_ scalar: UInt32, _ table: ScalarTable) -> Bool {
    if scalar < 0x80 {
      return (0x21...0x2F).contains(scalar) || (0x3A...0x40).contains(scalar)
        || (0x5B...0x60).contains(scalar) || (0x7B...0x7E).contains(scalar)
    }
    // Two that later versions of Unicode took out of punctuation.
    if scalar == 0x166D || scalar == 0x111C9 { return true }
    guard table.isIn(categories, scalar), let known = Unicode.Scalar(scalar) else { return false }
    return ScalarTable.isKnown(known, 8)
  }
}
