// The checks of a table with both roles, and the evidence that all checks compare with.

internal import TieConv
internal import TieConvKernels

extension GradientVerifier {
  /// What all checks compare with.
  struct Evidence: Sendable {
    /// The gradients of the table, or of the two tables, as an input and as an output.
    let parts: (input: TableRows, output: TableRows)
    /// The derivative of the loss along a direction of the whole table; nil of two tables.
    let derivative: FiniteDifference.Estimate?
    /// The derivatives along directions of the table as an input alone, and as an output alone.
    let pathDerivatives: (input: FiniteDifference.Estimate, output: FiniteDifference.Estimate)
    /// A token that is predicted and never read from, one that is read and never predicted; and the
    /// head's gradient of their rows by the formula. Nil where the batch has none such.
    let onlyTarget: (token: Int, expected: [Double])?
    let onlyInput: (token: Int, expected: [Double])?
  }

  func evidence(
    _ batch: TokenBatch, _ parts: (input: TableRows, output: TableRows), isTied: Bool
  ) throws(CheckpointError) -> Evidence {
    func derivative(
      _ gradient: TableRows, _ path: FiniteDifference.Path
    ) throws(CheckpointError) -> FiniteDifference.Estimate {
      try options.execution.checkCancellation()
      return try FiniteDifference(
        decoder, batch, along: gradient, path: path, factors: Self.factor
      ).derivative()
    }
    // A sequence's last token is read, but nothing is predicted from it.
    let targets = Set(batch.successors.compactMap { $0 })
    let read = Set(batch.sequences.flatMap { batch.tokens[$0.dropLast()] })
    let rows = try decoder.computing { () throws(KernelError) in
      let formula = try RowFormula(decoder, batch)
      return try [targets.subtracting(read).min(), read.subtracting(targets).min()].map {
        token throws(KernelError) in
        try token.map { token throws(KernelError) in (token, try formula.gradient(of: token)) }
      }
    }
    return Evidence(
      parts: parts,
      derivative: isTied ? try derivative(parts.input + parts.output, .both) : nil,
      pathDerivatives: (try derivative(parts.input, .input), try derivative(parts.output, .output)),
      onlyTarget: rows[0], onlyInput: rows[1])
  }

  /// The checks of a step without a fault, then of every fault that it is caught.
  func tiedChecks(
    _ batch: TokenBatch, joint: TableRows, _ evidence: Evidence
  ) throws(CheckpointError) -> [GradientReport.Check] {
    func step(_ fault: TieFault?) throws(CheckpointError) -> TiedStep {
      try TiedStep(
        decoder, batch, fault: fault, joint: joint, parts: evidence.parts, request: request)
    }
    var checks = try self.checks(of: step(nil), evidence)
    checks += pathChecks(evidence.parts.input, evidence.parts.output, evidence)
    return try checks
      + faultChecks(TieFault.ofOneTable) { fault throws(CheckpointError) in
        try self.checks(of: step(fault), evidence)
      }
  }

  /// One check for each fault, that a check of a step with it fails.
  func faultChecks(
    _ faults: [TieFault],
    _ checks: (TieFault) throws(CheckpointError) -> [GradientReport.Check]
  ) throws(CheckpointError) -> [GradientReport.Check] {
    var caught: [GradientReport.Check] = []
    guard options.injectsFaults else { return caught }
    for fault in faults {
      try options.execution.checkCancellation()
      let check = try checks(fault).first { !$0.passed }
      caught.append(GradientReport.Check(catching: fault, by: check))
    }
    return caught
  }

  /// Sum of paths, finite difference, rows, optimizer step, names.
  private func checks(
    of step: TiedStep, _ evidence: Evidence
  ) throws(CheckpointError) -> [GradientReport.Check] {
    let both = evidence.parts.input + evidence.parts.output
    let predicted = step.gradient.dot(both, factors: Self.factor)
    var checks = [
      GradientReport.Check(
        "path-sum", error: step.gradient.relativeError(to: both), tolerance: pathTolerance,
        "the table's gradient against the sum of its two roles' gradients")
    ]
    if let derivative = evidence.derivative {
      checks.append(
        Self.differenceCheck(
          "finite-difference", predicted, derivative, "along a direction of the whole table"))
    }
    checks += rowChecks(step.gradient, evidence)
    return try checks + stepChecks(step, both)
  }

  private func rowChecks(_ gradient: TableRows, _ evidence: Evidence) -> [GradientReport.Check] {
    var checks: [GradientReport.Check] = []
    if let (token, expected) = evidence.onlyTarget {
      checks.append(
        GradientReport.Check(
          "row-target-only", error: Self.error(gradient.row(token), expected),
          tolerance: Self.rowTolerance,
          "token \(token), predicted and never read from, gets the head's gradient alone"))
    }
    if let (token, expected) = evidence.onlyInput {
      let rest = zip(gradient.row(token), expected).map { $0 - $1 }
      checks.append(
        GradientReport.Check(
          "row-input-only", error: Self.error(rest, evidence.parts.input.row(token)),
          tolerance: Self.rowTolerance,
          "token \(token), read and never a target, gets the lookup's gradient, and of the head's "
            + "no target's part"))
    }
    return checks
  }

  private func stepChecks(
    _ step: TiedStep, _ both: TableRows
  ) throws(CheckpointError) -> [GradientReport.Check] {
    let settings = TableStep()
    let taken = try decoder.computing { () throws(KernelError) in try step.taken(settings) }
    guard let taken, let table = decoder.weights.embedding else { return [] }
    return [
      Self.stepCheck(
        "step-once", settings, from: table, to: taken.embedding, step.gradient,
        "one AdamW step moves the table, and decays it, once"),
      GradientReport.Check(
        "names-agree", error: TableRows(taken.head).relativeError(to: TableRows(taken.embedding)),
        tolerance: 0, "after the step, both names are one matrix"),
    ]
  }

  /// Whether a step moved a table as its gradient says.
  static func stepCheck(
    _ name: String, _ settings: TableStep, from before: WeightMatrix, to after: WeightMatrix,
    _ gradient: TableRows, _ message: String
  ) -> GradientReport.Check {
    let old = TableRows(before)
    let moved = TableRows(after) + -1 * old
    let expected = settings.expected(before, gradient: gradient) + -1 * old
    return GradientReport.Check(
      name, error: moved.relativeError(to: expected), tolerance: stepTolerance, message)
  }

  /// Finite differences of either path with the other held, against a step's gradients.
  func pathChecks(
    _ input: TableRows, _ output: TableRows, _ evidence: Evidence
  ) -> [GradientReport.Check] {
    let predicted = (
      input: input.dot(evidence.parts.input, factors: Self.factor),
      output: output.dot(evidence.parts.output, factors: Self.factor)
    )
    return [
      Self.differenceCheck(
        "finite-difference-input", predicted.input, evidence.pathDerivatives.input,
        "the table moved as an input alone"),
      Self.differenceCheck(
        "finite-difference-output", predicted.output, evidence.pathDerivatives.output,
        "the table moved as an output alone"),
    ]
  }

  private static func differenceCheck(
    _ name: String, _ predicted: Double, _ derivative: FiniteDifference.Estimate,
    _ message: String
  ) -> GradientReport.Check {
    let doubt = derivative.value == 0 ? 0 : derivative.error / abs(derivative.value)
    return GradientReport.Check(
      name, error: relative(predicted, derivative.value),
      tolerance: min(max(differenceTolerance, 10 * doubt), mostDifferenceTolerance), message)
  }

  // MARK: Errors

  static func relative(_ found: Double, _ expected: Double) -> Double {
    let magnitude = max(abs(found), abs(expected))
    return magnitude == 0 ? 0 : abs(found - expected) / magnitude
  }

  static func error(_ found: [Double], _ expected: [Double]) -> Double {
    let magnitude = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    if magnitude == 0 { return difference == 0 ? 0 : .infinity }
    return difference / magnitude
  }
}
