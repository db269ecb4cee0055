// The head's gradient of single rows, straight from its definition, to hold the tiles against.

internal import TieConvKernels

/// The gradient of the mean loss with respect to one row of the head:
/// Σ over positions of (p − [token is the target]) · logit scale · hidden state / positions, times
/// the soft cap's slope.
struct RowFormula: Sendable {
  private let head: HeadPass
  let hidden: FloatMatrix
  let logSums: [Double]
  let targets: [Int?]

  init(_ decoder: Decoder, _ batch: TokenBatch) throws(KernelError) {
    head = HeadPass(weights: decoder.weights, machine: decoder.machine)
    hidden = try decoder.hidden(batch)
    targets = batch.successors
    logSums = try head.losses(hidden, targets: targets).map(\.logSum)
  }

  /// The gradient of the row of `token`, in F64.
  func gradient(of token: Int) throws(KernelError) -> [Double] {
    var sum = [Double](repeating: 0, count: hidden.columns)
    let weight = 1 / Double(max(1, targets.count { $0 != nil }))
    for position in 0..<hidden.rows {
      guard let target = targets[position] else { continue }
      let state = hidden.row(position)
      let (logit, slope) = try head.wideLogit(state, of: token)
      let share = Elementary.exp(logit - logSums[position]) - (target == token ? 1 : 0)
      let factor = weight * share * slope * Double(head.configuration.logitScale)
      for column in sum.indices { sum[column] += factor * state[column] }
    }
    return sum
  }
}
