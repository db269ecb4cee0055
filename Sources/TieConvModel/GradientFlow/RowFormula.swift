// The head's gradient of single rows, straight from its definition, to hold the tiles against.

internal import TieConvKernels

/// The gradient of the mean loss with respect to one row of the head:
/// Σ over positions of (p − [token is the target]) · logit scale · hidden state / positions, times
/// the soft cap's slope.
struct RowFormula: Sendable {
  let weights: DecoderWeights
  let hidden: FloatMatrix
  let logSums: [Double]
  let targets: [Int?]

  init(_ decoder: Decoder, _ batch: TokenBatch) throws(KernelError) {
    weights = decoder.weights
    hidden = try decoder.hidden(batch)
    targets = batch.successors
    logSums = try HeadPass(weights: weights, machine: decoder.machine)
      .losses(hidden, targets: targets).map(\.logSum)
  }

  /// The gradient of the row of `token`, in F64.
  func gradient(of token: Int) -> [Double] {
    let c = weights.configuration
    var sum = [Double](repeating: 0, count: hidden.columns)
    guard let head = weights.head else { return sum }
    let row = TableRows(head).row(token)
    let bias = weights[.headBias].map { TableRows($0).row(0)[token] } ?? 0
    let weight = 1 / Double(max(1, targets.count { $0 != nil }))
    for position in 0..<hidden.rows {
      guard let target = targets[position] else { continue }
      let state = hidden.row(position)
      var logit = zip(row, state).reduce(bias) { $0 + $1.0 * $1.1 * Double(c.logitScale) }
      var slope = 1.0
      if let cap = c.logitSoftCap.map(Double.init) {
        let t = Elementary.tanh(logit / cap)
        (logit, slope) = (cap * t, 1 - t * t)
      }
      let share = Elementary.exp(logit - logSums[position]) - (target == token ? 1 : 0)
      let factor = weight * share * slope * Double(c.logitScale)
      for column in sum.indices { sum[column] += factor * state[column] }
    }
    return sum
  }
}
