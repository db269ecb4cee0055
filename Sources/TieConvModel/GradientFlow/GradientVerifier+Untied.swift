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
    var checks = try self.checks(of: step(nil), evidence)
    guard options.injectsFaults else { return checks }
    for fault in TieFault.ofTwoTables {
      try options.execution.checkCancellation()
      let caught = try self.checks(of: step(fault), evidence).first { !$0.passed }
      checks.append(GradientReport.Check(catching: fault, by: caught))
    }
    return checks
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
    func check(
      _ name: String, _ before: WeightMatrix, _ after: WeightMatrix, _ gradient: TableRows,
      _ message: String
    ) -> GradientReport.Check {
      let old = TableRows(before)
      let moved = TableRows(after) + -1 * old
      let expected = settings.expected(before, gradient: gradient) + -1 * old
      return GradientReport.Check(
        name, error: moved.relativeError(to: expected), tolerance: Self.stepTolerance, message)
    }
    return [
      check(
        "step-once-embedding", table, taken.embedding, step.gradients.input,
        "one AdamW step moves the embedding by its own gradient, and decays it, once"),
      check(
        "step-once-head", head, taken.head, step.gradients.output,
        "one AdamW step moves the head by its own gradient, and decays it, once"),
    ]
  }
}
