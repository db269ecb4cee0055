// What a text is cut at: a pattern, a fixed text, or single scalars of a kind.

/// Finds the parts of a text that a split acts on.
enum PieceFinder: Sendable {
  case pattern(PatternProgram)
  case literal([UInt8])
  /// Each scalar of the kind is a match of its own.
  case scalars(ScalarKind)

  /// Kinds of scalars with the reference's definitions.
  enum ScalarKind: Sendable {
    case whiteSpace, number, punctuation
    case one(UInt32)

    /// Whether `scalar` is of the kind.
    func contains(_ scalar: UInt32, _ table: ScalarTable) -> Bool {
      switch self {
      case .whiteSpace: table.isWhiteSpace(scalar)
      case .number:
        scalar < 0x80
          ? (0x30...0x39).contains(scalar) : table.isIn(ScalarCategory.numbers, scalar)
      case .punctuation: Punctuation.contains(scalar, table)
      case .one(let only): scalar == only
      }
    }
  }

  /// Calls `body` with every part of `range` in turn, and whether it is a match; parts that are not
  /// are what lies between matches.
  func parts(
    of text: Span<UInt8>, _ range: Range<Int>, _ matcher: inout PatternMatcher,
    _ body: (_ start: Int, _ end: Int, _ isMatch: Bool) -> Void
  ) {
    var previous = range.lowerBound
    switch self {
    case .pattern(let program):
      var place = range.lowerBound
      var lastMatch = -1
      while place <= range.upperBound {
        let end = matcher.end(of: program, in: text, range, at: place)
        // An empty match right behind another match does not count.
        if end < 0 || (end == place && lastMatch == end) {
          if place == range.upperBound { break }
          place += min(text.scalar(at: place).length, range.upperBound - place)
          continue
        }
        if previous < place { body(previous, place, false) }
        if place < end { body(place, end, true) }
        previous = end
        lastMatch = end
        place = end
        if place == range.upperBound { break }
      }
    case .literal(let bytes):
      guard let first = bytes.first else { break }
      var place = range.lowerBound
      while place < range.upperBound {
        guard text[place] == first, text.hasBytes(bytes, at: place, end: range.upperBound) else {
          place += 1
          continue
        }
        if previous < place { body(previous, place, false) }
        body(place, place + bytes.count, true)
        place += bytes.count
        previous = place
      }
    case .scalars(let kind):
      let table = ScalarTable.shared
      var place = range.lowerBound
      while place < range.upperBound {
        let (scalar, length) = text.scalar(at: place)
        let end = min(place + length, range.upperBound)
        if kind.contains(scalar, table) {
          if previous < place { body(previous, place, false) }
          body(place, end, true)
          previous = end
        }
        place = end
      }
    }
    if previous < range.upperBound { body(previous, range.upperBound, false) }
  }
}
