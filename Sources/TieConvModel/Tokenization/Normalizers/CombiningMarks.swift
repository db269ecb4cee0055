// Which marks are taken off letters: two lists of the reference, of different versions of Unicode.

/// Combining marks as normalizers know them.
enum CombiningMarks {
  /// Every mark of Unicode 9, for the step that strips accents.
  static func any(_ scalar: UInt32) -> Bool {
    switch scalar {
    case ..<0x300, 0x111C9: false
    case 0x1CF2, 0x1CF3: true
    default: isMark(scalar, ScalarCategory.marks, 9)
    }
  }

  /// Every nonspacing mark of Unicode 8, for BERT's normalizer.
  static func nonspacing(_ scalar: UInt32) -> Bool {
    switch scalar {
    case ..<0x300, 0x1885, 0x1886, 0xA9BD, 0x111C9: false
    case 0x1734, 0x1171E: true
    default: isMark(scalar, 1 << 6, 8)
    }
  }

  private static func isMark(_ value: UInt32, _ mask: UInt32, _ version: Int) -> Bool {
    guard ScalarTable.shared.isIn(mask, value), let scalar = Unicode.Scalar(value) else {
      return false
    }
    return ScalarTable.isKnown(scalar, version)
  }
}
