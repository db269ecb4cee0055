// Derivatives of the loss from losses alone.

internal import TieConv
internal import TieConvKernels

/// The derivative of the loss along a direction of the table, by central differences.
struct FiniteDifference: Sendable {
  /// Which roles of the table are moved.
  enum Path: Sendable { case both, input, output }

  let decoder: Decoder
  let batch: TokenBatch

  /// How far the loss is to move to either side. The losses are sums in F32 with an error of about
  /// 1e-6, so this leaves four digits; what curvature adds is taken out by a second step size.
  private static let reach = 0.02

  /// The derivative along the direction whose row i is factor(i) · gradient(i).
  ///
  /// Two central differences with steps h and h/2 are combined so that the error is of the fourth
  /// order in h (Richardson).
  func derivative(
    along gradient: TableRows, factors: @Sendable (Int) -> Double, path: Path
  ) throws(CheckpointError) -> Double {
    let slope = gradient.dot(gradient, factors: factors)
    guard slope > 0 else { return 0 }
    let step = Self.reach / slope
    func central(_ step: Double) throws(CheckpointError) -> Double {
      let up = try loss(moved: gradient, factors, by: step, path)
      let down = try loss(moved: gradient, factors, by: -step, path)
      return (up - down) / (2 * step)
    }
    let coarse = try central(step)
    let fine = try central(step / 2)
    return (4 * fine - coarse) / 3
  }

  private func loss(
    moved gradient: TableRows, _ factors: (Int) -> Double, by step: Double, _ path: Path
  ) throws(CheckpointError) -> Double {
    guard let table = path == .output ? decoder.weights.head : decoder.weights.embedding else {
      return .nan
    }
    let moved = WeightMatrix(table.rows, table.columns, kind: .f32)
    let old = TableRows(table)
    for row in 0..<table.rows {
      let factor = step * factors(row)
      for (column, (w, g)) in zip(old.row(row), gradient.row(row)).enumerated() {
        unsafe moved.floats[row * table.columns + column] = Float(w + factor * g)
      }
    }
    let weights: DecoderWeights =
      switch path {
      case .both: decoder.weights.replacing(.embedding, by: moved)
      case .input: decoder.weights.separatingHead().replacing(.embedding, by: moved)
      case .output: decoder.weights.replacing(.head, by: moved)
      }
    let losses = try decoder.with(weights).negativeLogLikelihoods(batch).compactMap { $0 }
    return losses.reduce(0, +) / Double(max(1, losses.count))
  }
}
