// What becomes of the matches of a split.

/// What a split does with what it matched.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"
}

/// A part of a text in bytes.
struct Piece: Sendable, Equatable {
  var start: Int32
  var end: Int32

  init(_ start: Int, _ end: Int) {
    self.start = Int32(start)
    self.end = Int32(end)
  }

  var range: Range<Int> { Int(start)..<Int(end) }
}

/// Cuts pieces into smaller ones.
struct Splitter: Sendable {
  let finder: PieceFinder
  let behavior: SplitBehavior
  /// Whether what was not matched counts as matched, and the other way round.
  var isInverted = false

  /// The parts of `range`.
  func split(
    _ text: Span<UInt8>, _ range: Range<Int>, _ matcher: inout PatternMatcher,
    into pieces: inout [Piece]
  ) {
    switch behavior {
    case .isolated:
      finder.parts(of: text, range, &matcher) { start, end, _ in pieces.append(Piece(start, end)) }
    case .removed:
      finder.parts(of: text, range, &matcher) { start, end, isMatch in
        if isMatch == isInverted { pieces.append(Piece(start, end)) }
      }
    case .contiguous: merge(text, range, &matcher, into: &pieces) { was, isMatch in was == isMatch }
    case .mergedWithPrevious:
      merge(text, range, &matcher, into: &pieces) { was, isMatch in isMatch && !was }
    case .mergedWithNext:
      // From the end: a match joins what follows it, unless that is a match itself.
      merge(text, range, &matcher, into: &pieces) { was, isMatch in was && !isMatch }
    }
  }

  /// Joins neighbours where `joins` says so of the last part, and of the next one.
  ///
  /// For both merging behaviours, of two matches in a row only the one beside the unmatched part
  /// joins it, which is what looking at neighbours alone gives.
  private func merge(
    _ text: Span<UInt8>, _ range: Range<Int>, _ matcher: inout PatternMatcher,
    into pieces: inout [Piece], joins: (_ last: Bool, _ next: Bool) -> Bool
  ) {
    let first = pieces.count
    var last: Bool?
    finder.parts(of: text, range, &matcher) { start, end, matched in
      let isMatch = matched != isInverted
      if let last, pieces.count > first, joins(last, isMatch) {
        pieces[pieces.count - 1].end = Int32(end)
      } else {
        pieces.append(Piece(start, end))
      }
      last = isMatch
    }
  }
}
