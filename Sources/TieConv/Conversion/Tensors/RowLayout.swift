// Which row of the input each row of the output is.

/// A choice and order of a matrix's rows.
struct RowLayout: Sendable, Equatable {
  /// The first row that is taken.
  private(set) var start = 0
  /// How many are taken.
  private(set) var rows: Int
  private var first = 1
  private var second = 1
  private var inner = 1

  /// All of `rows` rows, as they are.
  init(rows: Int) { self.rows = rows }

  /// Applies `transform` on top; false where it does not fit, or is none of rows.
  mutating func apply(_ transform: TensorTransform) -> Bool {
    switch transform {
    case .rows(let range):
      guard isIdentity, range.lowerBound >= 0, range.upperBound <= rows else { return false }
      start += range.lowerBound
      rows = range.count
      return true
    case .swapRows(let outer, let first, let second, let inner):
      guard isIdentity, outer > 0, first > 0, second > 0, inner > 0,
        outer.multipliedReportingOverflow(by: first * second * inner).partialValue == rows
      else { return false }
      (self.first, self.second, self.inner) = (first, second, inner)
      return true
    case .transpose, .add: return false
    }
  }

  /// Whether the rows keep their order.
  var isIdentity: Bool { first == 1 || second == 1 }

  /// The rows that are permuted among themselves.
  var groupRows: Int { first * second * inner }

  /// The input's row that output row `row` is, and how many follow it in both.
  func run(at row: Int) -> (source: Int, count: Int) {
    let group = row / groupRows
    let place = row % groupRows
    let rest = place % inner
    let b = place / inner / first
    let a = place / inner % first
    let source = group * groupRows + (a * second + b) * inner + rest
    return (start + source, inner - rest)
  }
}
