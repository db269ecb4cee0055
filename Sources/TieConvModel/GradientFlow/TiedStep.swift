// One training step on the table as some code takes it: ours, or ours with a fault put in.

internal import TieConv
internal import TieConvKernels

/// What a training step says and does. The verification's checks are run on this, so that a fault
/// can be put in where other people's code has it.
struct TiedStep: Sendable {
  let decoder: Decoder
  /// The gradient that the step uses.
  let gradient: TableRows
  let fault: TieFault?

  /// The step on `batch`, with a fault or without. `parts` are the gradients of the two paths,
  /// `joint` the gradient that both were summed into while it was computed.
  init(
    _ decoder: Decoder, _ batch: TokenBatch, fault: TieFault?, joint: TableRows,
    parts: (input: TableRows, output: TableRows), request: GradientRequest
  ) throws(CheckpointError) {
    self.decoder = decoder
    self.fault = fault
    switch fault {
    case .inputPathOnly: gradient = parts.input
    case .outputPathOnly: gradient = parts.output
    case .doubled: gradient = 2 * joint
    case .headReplaced:
      let weights = try decoder.computing { () throws(KernelError) in
        try Self.replacingHead(of: decoder.weights)
      }
      let broken = decoder.with(weights)
      let found = try broken.gradients(batch, request)
      gradient = TableRows(found.input) + TableRows(found.output)
    case .staleCopy, .decayTwice, .tiedByMistake, nil: gradient = joint
    }
  }

  /// The weights with another head: the table's rows, each one place on.
  static func replacingHead(
    of weights: DecoderWeights
  ) throws(KernelError) -> DecoderWeights {
    guard let table = weights.embedding else { return weights }
    let other = WeightMatrix(table.rows, table.columns, kind: .f32)
    for row in 0..<table.rows {
      let target = unsafe UnsafeMutableBufferPointer(
        rebasing: other.floats[row * table.columns..<(row + 1) * table.columns])
      try unsafe table.row((row + 1) % table.rows, into: target)
    }
    return weights.replacing(.head, by: other)
  }

  /// The table under both its names after one step of the optimizer.
  func taken(
    _ step: TableStep
  ) throws(KernelError) -> (embedding: WeightMatrix, head: WeightMatrix)? {
    guard let table = decoder.weights.embedding else { return nil }
    let moved = try step.applied(
      to: table, gradient: gradient, decays: fault == .decayTwice ? 2 : 1)
    let after = decoder.weights.replacing(.embedding, by: moved)
    switch fault {
    case .staleCopy: return (moved, table)
    case .headReplaced:
      return try Self.replacingHead(of: after).head.map { (moved, $0) }
    default: return after.head.map { (moved, $0) }
    }
  }
}
