// A pattern as a tree, before it becomes a program.

/// A part of a pattern.
indirect enum PatternNode: Sendable {
  case empty
  case scalars(ScalarClass)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  /// `node` from `minimum` to `maximum` times; nil for no limit.
  case repeated(PatternNode, minimum: Int, maximum: Int?, Greed)
  /// What follows must, or must not, match; nothing is consumed.
  case look(PatternNode, isPositive: Bool)
  case anchor(Anchor)

  /// How many times a repeated part is tried first.
  enum Greed: Sendable { case greedy, lazy, possessive }

  /// A condition on a place.
  enum Anchor: UInt8, Sendable { case lineStart, lineEnd, textStart, textEnd, boundary, noBoundary }

  /// Whether it may match without consuming anything.
  var isNullable: Bool {
    switch self {
    case .empty, .look, .anchor: true
    case .scalars: false
    case .sequence(let parts): parts.allSatisfy(\.isNullable)
    case .alternatives(let parts): parts.contains(where: \.isNullable)
    case .repeated(let part, let minimum, _, _): minimum == 0 || part.isNullable
    }
  }

  /// The scalars that a match may start with.
  var first: FirstScalars {
    switch self {
    case .empty, .look, .anchor: return FirstScalars(isNullable: true)
    case .scalars(let scalars):
      return FirstScalars(
        low: scalars.low, high: scalars.high, beyondASCII: scalars.reachesBeyondASCII)
    case .sequence(let parts):
      var result = FirstScalars(isNullable: true)
      for part in parts {
        let next = part.first
        result.formUnion(next)
        result.isNullable = next.isNullable
        if !next.isNullable { break }
      }
      return result
    case .alternatives(let parts):
      var result = FirstScalars()
      for part in parts {
        let next = part.first
        result.formUnion(next)
        result.isNullable = result.isNullable || next.isNullable
      }
      return result
    case .repeated(let part, let minimum, _, _):
      var result = part.first
      if minimum == 0 { result.isNullable = true }
      return result
    }
  }
}

/// What a match may start with.
struct FirstScalars {
  var low: UInt64 = 0
  var high: UInt64 = 0
  var beyondASCII = false
  /// Whether it may match without any scalar, so that the rest says nothing.
  var isNullable = false

  mutating func formUnion(_ other: FirstScalars) {
    low |= other.low
    high |= other.high
    beyondASCII = beyondASCII || other.beyondASCII
  }

  /// Whether a match may start with `byte`, the first of a scalar.
  func admits(_ byte: UInt8) -> Bool {
    if isNullable { return true }
    if byte >= 0x80 { return beyondASCII }
    return (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte - 64)) & 1 == 1
  }
}
