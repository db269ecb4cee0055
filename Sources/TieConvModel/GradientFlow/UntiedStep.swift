// One training step on two tables as some code takes it: ours, or ours with a fault put in.

internal import TieConv
internal import TieConvKernels

/// What a training step of a model with a head of its own says and does.
struct UntiedStep: Sendable {
  private let decoder: Decoder
  /// The gradients that the step uses.
  let gradients: (input: TableRows, output: TableRows)
  private let fault: TieFault?

  /// The step on `batch`, with a fault or without; `parts` are the gradients of the two tables.
  init(
    _ decoder: Decoder, _ batch: TokenBatch, fault: TieFault?,
    parts: (input: TableRows, output: TableRows), request: GradientRequest
  ) throws(CheckpointError) {
    self.decoder = decoder
    self.fault = fault
    switch fault {
    case .inputPathOnly: gradients = (parts.input, 0 * parts.output)
    case .outputPathOnly: gradients = (0 * parts.input, parts.output)
    case .doubled: gradients = (2 * parts.input, 2 * parts.output)
    case .headReplaced:
      let weights = try decoder.computing { () throws(KernelError) in
        try TiedStep.replacingHead(of: decoder.weights)
      }
      let found = try decoder.with(weights).gradients(batch, request)
      gradients = (TableRows(found.input), TableRows(found.output))
    case .tiedByMistake:
      let both = parts.input + parts.output
      gradients = (both, both)
    case .staleCopy, .decayTwice, nil: gradients = parts
    }
  }

  /// Both tables after one step of the optimizer.
  func taken(
    _ step: TableStep
  ) throws(KernelError) -> (embedding: WeightMatrix, head: WeightMatrix)? {
    guard let table = decoder.weights.embedding, let head = decoder.weights.head else { return nil }
    let decays = fault == .decayTwice ? 2 : 1
    return (
      try step.applied(to: table, gradient: gradients.input, decays: decays),
      try step.applied(to: head, gradient: gradients.output, decays: decays)
    )
  }
}
