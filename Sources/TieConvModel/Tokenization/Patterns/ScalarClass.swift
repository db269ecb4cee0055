// A set of scalars as a pattern names it: a bitmap for ASCII, categories and ranges beyond.

/// A class of a pattern: `\p{L}`, `[^\r\n]`, one character.
struct ScalarClass: Sendable, Equatable {
  /// Members among U+0000–U+007F, a bit each; final, negation included.
  var low: UInt64 = 0
  var high: UInt64 = 0
  /// Categories beyond ASCII.
  var categories: UInt32 = 0
  /// Whether `\w`, or `\W`, beyond ASCII is in it.
  var hasWord = false
  var hasNonWord = false
  /// Further scalars beyond ASCII.
  var ranges: [ClosedRange<UInt32>] = []
  /// Whether membership beyond ASCII is the opposite of the above.
  var isNegated = false

  /// Adds every scalar from `first` to `last`.
  mutating func insert(_ range: ClosedRange<UInt32>) {
    var value = range.lowerBound
    while value <= range.upperBound, value < 0x80 {
      setASCII(value)
      value += 1
    }
    if range.upperBound >= 0x80 { ranges.append(max(0x80, range.lowerBound)...range.upperBound) }
  }

  /// Adds the scalars of the categories in `mask`, or all others.
  mutating func insert(categories mask: UInt32, complement: Bool = false) {
    let mask = complement ? ~mask : mask
    for value in UInt32(0)..<0x80 where ScalarTable.shared.isIn(mask, value) { setASCII(value) }
    categories |= mask
  }

  /// Adds white space (`\s`), or all else.
  mutating func insertWhiteSpace(complement: Bool) {
    for value in UInt32(0)..<0x80 where ScalarTable.shared.isWhiteSpace(value) != complement {
      setASCII(value)
    }
    categories |= complement ? ~ScalarCategory.whiteSpace : ScalarCategory.whiteSpace
  }

  /// Adds word characters (`\w`), or all others.
  mutating func insertWord(complement: Bool) {
    for value in UInt32(0)..<0x80
    where (ScalarTable.shared.properties(value) & ScalarTable.wordBit != 0) != complement {
      setASCII(value)
    }
    if complement { hasNonWord = true } else { hasWord = true }
  }

  /// Turns the class into its complement.
  mutating func negate() {
    low = ~low
    high = ~high
    isNegated.toggle()
  }

  /// Adds what Unicode folds onto the ASCII letters that are in the class.
  mutating func foldCase() {
    let both = (high | high << 32 | high >> 32) & 0x07FF_FFFE_07FF_FFFE
    let folded = (high & ~0x07FF_FFFE_07FF_FFFE) | both
    high = folded
    // The two characters beyond ASCII that fold onto ASCII letters: long s and the Kelvin sign.
    if both >> UInt64(0x73 - 0x40) & 1 == 1 { ranges.append(0x17F...0x17F) }
    if both >> UInt64(0x6B - 0x40) & 1 == 1 { ranges.append(0x212A...0x212A) }
  }

  /// Whether anything beyond ASCII may be in it.
  var reachesBeyondASCII: Bool {
    isNegated || categories != 0 || hasWord || hasNonWord || !ranges.isEmpty
  }

  private mutating func setASCII(_ value: UInt32) {
    if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
  }
}
