// General categories as small numbers, so that a set of them is one word.

/// A general category of Unicode, as a bit number.
enum ScalarCategory {
  /// Two-letter names in the order of their numbers. `NL` is not Unicode's: it is U+0085, the one
  /// control beyond ASCII that is white space.
  static let names = [
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps",
    "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs", "NL",
  ]

  /// The number of U+0085.
  static let nextLine: UInt8 = 30

  /// The set that `name` means (`L`, `Lu`, `Nd`), one bit a category; nil for a name unknown.
  static func mask(_ name: String) -> UInt32? {
    var mask: UInt32 = 0
    for (number, category) in names.enumerated() where category != "NL" {
      if category == name || (name.utf8.count == 1 && category.hasPrefix(name)) {
        mask |= 1 << UInt32(number)
      }
    }
    if name == "C" || name == "Cc" { mask |= 1 << UInt32(nextLine) }
    return mask == 0 ? nil : mask
  }

  /// White space beyond ASCII: the separators and U+0085.
  static let whiteSpace: UInt32 = 1 << 23 | 1 << 24 | 1 << 25 | 1 << UInt32(nextLine)
  /// Marks.
  static let marks: UInt32 = 1 << 6 | 1 << 7 | 1 << 8
  /// Decimal digits, letter numbers, other numbers.
  static let numbers: UInt32 = 1 << 9 | 1 << 10 | 1 << 11

  static func number(of category: Unicode.GeneralCategory) -> UInt8 {
    switch category {
    case .unassigned: 0
    case .uppercaseLetter: 1
    case .lowercaseLetter: 2
    case .titlecaseLetter: 3
    case .modifierLetter: 4
    case .otherLetter: 5
    case .nonspacingMark: 6
    case .spacingMark: 7
    case .enclosingMark: 8
    case .decimalNumber: 9
    case .letterNumber: 10
    case .otherNumber: 11
    case .connectorPunctuation: 12
    case .dashPunctuation: 13
    case .openPunctuation: 14
    case .closePunctuation: 15
    case .initialPunctuation: 16
    case .finalPunctuation: 17
    case .otherPunctuation: 18
    case .mathSymbol: 19
    case .currencySymbol: 20
    case .modifierSymbol: 21
    case .otherSymbol: 22
    case .spaceSeparator: 23
    case .lineSeparator: 24
    case .paragraphSeparator: 25
    case .control: 26
    case .format: 27
    case .privateUse: 28
    case .surrogate: 29
    @unknown default: 0
    }
  }
}
