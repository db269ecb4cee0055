// Which rows of a matrix differ: few or many, kept as runs.

/// An ascending list of row numbers, as runs without gaps.
public struct RowRanges: Sendable, Equatable {
  /// The runs, ascending, never touching.
  public private(set) var ranges: [Range<Int>] = []
  /// The number of rows.
  public private(set) var count = 0

  /// No rows.
  public init() {}

  /// Adds `row`, which is greater than every row so far.
  mutating func append(_ row: Int) { append(row..<row + 1) }

  /// Adds a run whose rows are greater than every row so far.
  mutating func append(_ run: Range<Int>) {
    guard !run.isEmpty else { return }
    if let last = ranges.last, last.upperBound == run.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<run.upperBound
    } else {
      ranges.append(run)
    }
    count += run.count
  }

  /// Adds every row of `other`, all greater than every row so far.
  mutating func append(_ other: RowRanges) {
    for run in other.ranges { append(run) }
  }

  /// The rows as people write them: "7, 9–12 and 40 more".
  public func described(limit: Int = 3) -> String {
    let shown = ranges.prefix(limit).map { run in
      run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)–\(run.upperBound - 1)"
    }
    let hidden = ranges.dropFirst(limit).reduce(0) { $0 + $1.count }
    return shown.joined(separator: ", ") + (hidden > 0 ? " and \(hidden) more" : "")
  }
}
