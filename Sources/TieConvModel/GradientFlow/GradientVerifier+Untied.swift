// The checks of a model whose head is a matrix of its own: each table learns from its own role, once.

internal import TieConv
internal import TieConvKernels

extension GradientVerifier {
  /// The checks of a step without a fault, then of every fault that it is caught.
  func untiedChecks(
    _ batch: TokenBatch, _ evidence: Evidence
  ) throws(CheckpointError) -> [GradientReport.Check] {
    func step(_ fault: TieFault?) throws(CheckpointError) -> UntiedStep {
      try UntiedStep(decoder, batch, fault: fault, parts: evidence.parts, request: request)
    }
    return try self.checks(of: step(nil), evidence)
      + faultChecks(TieFault.ofTwoTables) { fault throws(CheckpointError) in
        try self.checks(of: step(fault), evidence)
      }
  }

  /// Finite differences of each table, rows, optimizer step.
  private func checks(
    of step: UntiedStep, _ evidence: Evidence
  ) throws(CheckpointError) -> [GradientReport.Check] {
    let (input, output) = step.gradients
    return try pathChecks(input, output, evidence) + rowChecks(input, output, evidence)
      + stepChecks(step)
  }

  private func rowChecks(
    _ input: TableRows, _ output: TableRows, _ evidence: Evidence
  ) -> [GradientReport.Check] {
    var checks: [GradientReport.Check] = []
    if let (token, expected) = evidence.onlyTarget {
      let read = input.row(token).reduce(0) { max($0, abs($1)) }
      checks += [
        GradientReport.Check(
          "row-target-only", error: Self.error(output.row(token), expected),
          tolerance: Self.rowTolerance,
          "token \(token), predicted and never read from, gets the head's gradient in the head"),
        GradientReport.Check(
          "row-never-read", error: read, tolerance: 0, "and none in the embedding"),
      ]
    }
    if let (token, expected) = evidence.onlyInput {
      checks.append(
        GradientReport.Check(
          "row-input-only", error: Self.error(output.row(token), expected),
          tolerance: Self.rowTolerance,
          "token \(token), read and never a target, gets no target's part in the head"))
    }
    return checks
  }

  private func stepChecks(_ step: UntiedStep) throws(CheckpointError) -> [GradientReport.Check] {
    let settings = TableStep()
    let taken = try decoder.computing { () throws(KernelError) in try step.taken(settings) }
    guard let taken, let table = decoder.weights.embedding, let head = decoder.weights.head else {
      return []
    }
    return [
      Self.stepCheck(
        "step-once-embedding", settings, from: table, to: taken.embedding, step.gradients.input,
        "one AdamW step moves the embedding by its own gradient, and decays it, once"),
      Self.stepCheck(
        "step-once-head", settings, from: head, to: taken.head, step.gradients.output,
        "one AdamW step moves the head by its own gradient, and decays it, once"),
    ]
  }
}
