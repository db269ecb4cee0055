// Derivatives of the loss from losses alone.

internal import TieConv
internal import TieConvKernels

/// The derivative of the loss along a direction of the table, by central differences.
struct FiniteDifference: Sendable {
  /// A derivative and how far off it may be.
  struct Estimate: Sendable {
    let value: Double
    /// The greatest difference from the neighbours in the tableau.
    let error: Double
  }

  /// Which roles of the table are moved.
  enum Path: Sendable { case both, input, output }

  private let decoder: Decoder
  private let batch: TokenBatch
  private let path: Path
  private let direction: FloatMatrix
  /// gradient · direction, which is also what the derivative should be.
  private let slope: Double

  /// How far the loss is to move to either side at first, in nats, and the rows that are moved, by
  /// their own norm: whichever is less. The first steps are too long and the last too short; which are
  /// right depends on the model, so the tableau decides.
  private static let firstReach = 0.5
  private static let firstShare = 0.5
  /// Steps at most, each half of the one before.
  private static let mostSteps = 9
  /// Where an error is estimated to be below this share of the derivative, it is small enough to stop
  /// when more steps make it worse.
  private static let enough = 1e-5

  /// The direction whose row i is factor(i) · gradient(i), in F32.
  init(
    _ decoder: Decoder, _ batch: TokenBatch, along gradient: TableRows, path: Path,
    factors: @escaping @Sendable (Int) -> Double
  ) {
    self.decoder = decoder
    self.batch = batch
    self.path = path
    let direction = decoder.machine.matrix(gradient.rows, gradient.columns)
    decoder.machine.forEachRow(of: gradient.rows) { row in
      let line = unsafe direction.pointer(row)
      for (column, value) in gradient.row(row).enumerated() {
        unsafe line[column] = Float(factors(row) * value)
      }
    }
    self.direction = direction
    slope = gradient.dot(gradient, factors: factors)
  }

  /// The derivative, by Ridders' method (Advances in Engineering Software 4, 1982): central
  /// differences with halved steps are extrapolated to step 0 by a tableau of polynomials, and the
  /// entry that its neighbours agree with best is taken.
  func derivative() throws(CheckpointError) -> Estimate {
    guard slope > 0 else { return Estimate(value: 0, error: 0) }
    var step = min(Self.firstReach / slope, Self.firstShare * relativeNorm)
    var best = try central(step)
    var error = Double.infinity
    var last = [best]
    for _ in 1..<Self.mostSteps {
      step /= 2
      var line = [try central(step)]
      var power = 4.0
      for (order, coarse) in last.enumerated() {
        let refined = (power * line[order] - coarse) / (power - 1)
        let distance = max(abs(refined - line[order]), abs(refined - coarse))
        if distance <= error { (error, best) = (distance, refined) }
        line.append(refined)
        power *= 4
      }
      // Where higher orders get worse, rounding has taken over.
      let isWorse = abs(line[line.count - 1] - last[last.count - 1]) >= 2 * error
      if isWorse, error <= Self.enough * abs(best) { break }
      last = line
    }
    return Estimate(value: best, error: error)
  }

  /// The norm of the rows that the direction moves, divided by its own.
  private var relativeNorm: Double {
    guard let table = path == .output ? decoder.weights.head : decoder.weights.embedding else {
      return 0
    }
    let rows = TableRows(table)
    var (size, length) = (0.0, 0.0)
    for row in 0..<direction.rows {
      let square = direction.row(row).reduce(0) { $0 + $1 * $1 }
      guard square > 0 else { continue }
      length += square
      size += rows.row(row).reduce(0) { $0 + $1 * $1 }
    }
    return length > 0 && size > 0 ? (size / length).squareRoot() : .infinity
  }

  private func central(_ step: Double) throws(CheckpointError) -> Double {
    let step = Float(step)
    return (try loss(movedBy: step) - loss(movedBy: -step)) / (2 * Double(step))
  }

  private func loss(movedBy step: Float) throws(CheckpointError) -> Double {
    guard let table = path == .output ? decoder.weights.head : decoder.weights.embedding else {
      return .nan
    }
    let moved = WeightMatrix(table.rows, table.columns, kind: .f32)
    let count = table.columns
    try decoder.computing { () throws(KernelError) in
      try decoder.machine.run(parts: Machine.parts(ofRows: table.rows)) {
        part throws(KernelError) in
        let first = part * Machine.rowsOfPart
        for row in first..<min(first + Machine.rowsOfPart, table.rows) {
          let line = unsafe UnsafeMutableBufferPointer(
            rebasing: moved.floats[row * count..<(row + 1) * count])
          try unsafe table.row(row, into: line)
          guard let start = line.baseAddress else { continue }
          unsafe Vectors.add(direction.pointer(row), count, times: step, to: start)
        }
      }
    }
    let weights: DecoderWeights =
      switch path {
      case .both: decoder.weights.replacing(.embedding, by: moved)
      case .input: decoder.weights.separatingHead().replacing(.embedding, by: moved)
      case .output: decoder.weights.replacing(.head, by: moved)
      }
    return try decoder.with(weights).wideLoss(batch)
  }
}

extension Decoder {
  /// The mean of −log p over the positions that have a successor, its sums in F64.
  func wideLoss(_ batch: TokenBatch) throws(CheckpointError) -> Double {
    try check(batch)
    let losses = try computing { () throws(KernelError) in
      try HeadPass(weights: weights, machine: machine)
        .wideLosses(try hidden(batch), targets: batch.successors)
    }.compactMap { $0 }
    return losses.reduce(0, +) / Double(max(1, losses.count))
  }
}
