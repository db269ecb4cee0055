// Losses whose sums are F64, to take differences of.

internal import TieConvKernels

extension HeadPass {
  /// −log p of every row's target, nil where there is none: the target's logit as a product in F64,
  /// the exponentials of the others' F32 logits summed in F64.
  func wideLosses(
    _ hidden: FloatMatrix, targets: [Int?]
  ) throws(KernelError) -> [Double?] {
    var losses: [Double?] = []
    for rows in Self.rowBlocks(hidden.rows) {
      let sums = WideSums(count: rows.count)
      for tokens in vocabularyBlocks {
        let logits = try logits(hidden, rows, tokens)
        machine.forEachRow(of: rows.count) { row in
          unsafe sums.take(
            row, UnsafeBufferPointer(start: logits.pointer(row), count: tokens.count))
        }
      }
      for row in rows {
        losses.append(
          try targets[row].map { target throws(KernelError) in
            sums.logSum(row - rows.lowerBound)
              - (try wideLogit(hidden.row(row), of: target)).value
          })
      }
    }
    return losses
  }

  /// The logit of a token as the model gives it, in F64, and the slope of the soft cap there.
  func wideLogit(
    _ state: [Double], of token: Int
  ) throws(KernelError) -> (value: Double, slope: Double) {
    guard let head = weights.head else { throw .unequalExtents(state.count, 0) }
    let bias = weights[.headBias].map { unsafe Double($0.floats[token]) } ?? 0
    let product = zip(TableRows(head).row(token), state).reduce(bias) { $0 + $1.0 * $1.1 }
    let logit = Double(configuration.logitScale) * product
    guard let cap = configuration.logitSoftCap.map(Double.init) else { return (logit, 1) }
    let tangent = Elementary.tanh(logit / cap)
    return (cap * tangent, 1 - tangent * tangent)
  }
}

/// Running log-sums of a block of rows in F64, each of which one thread at a time works on.
@safe private final class WideSums: @unchecked Sendable {
  private let sums: UnsafeMutableBufferPointer<(maximum: Double, sum: Double)>

  init(count: Int) {
    unsafe sums = .allocate(capacity: count)
    unsafe sums.initialize(repeating: (-.infinity, 0))
  }

  deinit { unsafe sums.deallocate() }

  func take(_ row: Int, _ logits: UnsafeBufferPointer<Float>) {
    var (maximum, sum) = unsafe sums[row]
    let top = unsafe logits.reduce(maximum) { max($0, Double($1)) }
    sum *= Elementary.exp(maximum - top)
    sum = unsafe logits.reduce(sum) { $0 + Elementary.exp(Double($1) - top) }
    maximum = top
    unsafe sums[row] = (maximum, sum)
  }

  func logSum(_ row: Int) -> Double {
    let (maximum, sum) = unsafe sums[row]
    return maximum + Elementary.log(sum)
  }
}
