// The checks themselves.

internal import TieConv
internal import TieConvKernels

extension GradientVerifier {
  /// What all checks of a tied table compare with.
  struct Evidence: Sendable {
    let parts: (input: TableRows, output: TableRows)
    /// The derivative of the loss along a direction of the whole table.
    let derivative: Double
    /// A token that is predicted and never read from, one that is read and never predicted; and the
    /// head's gradient of their rows by the formula. Nil where the batch has none such.
    let onlyTarget: (token: Int, expected: [Double])?
    let onlyInput: (token: Int, expected: [Double])?
  }

  /// The checks of a step without a fault, then of every fault that it is caught.
  func tiedChecks(
    _ batch: TokenBatch, joint: TableRows, parts: (input: TableRows, output: TableRows)
  ) throws(CheckpointError) -> [GradientReport.Check] {
    let evidence = try evidence(batch, parts)
    let sound = try TiedStep(
      decoder, batch, fault: nil, joint: joint, parts: parts, request: request)
    var checks = try self.checks(of: sound, evidence)
    guard options.injectsFaults else { return checks }
    for fault in TieFault.allCases {
      try options.execution.checkCancellation()
      let broken = try TiedStep(
        decoder, batch, fault: fault, joint: joint, parts: parts, request: request)
      let caught = try self.checks(of: broken, evidence).first { !$0.passed }
      checks.append(GradientReport.Check(catching: fault, by: caught))
    }
    return checks
  }

  private func evidence(
    _ batch: TokenBatch, _ parts: (input: TableRows, output: TableRows)
  ) throws(CheckpointError) -> Evidence {
    let derivative = try FiniteDifference(decoder: decoder, batch: batch).derivative(
      along: parts.input + parts.output, factors: Self.factor, path: .both)
    // A sequence's last token is read, but nothing is predicted from it.
    let targets = Set(batch.successors.compactMap { $0 })
    let read = Set(batch.sequences.flatMap { batch.tokens[$0.dropLast()] })
    let rows = try decoder.computing { () throws(KernelError) in
      let formula = try RowFormula(decoder, batch)
      return [targets.subtracting(read).min(), read.subtracting(targets).min()].map { token in
        token.map { ($0, formula.gradient(of: $0)) }
      }
    }
    return Evidence(
      parts: parts, derivative: derivative, onlyTarget: rows[0], onlyInput: rows[1])
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
        "the table's gradient against the sum of its two roles' gradients"),
      GradientReport.Check(
        "finite-difference", error: Self.relative(predicted, evidence.derivative),
        tolerance: Self.differenceTolerance, "along a direction of the whole table"),
    ]
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
    let old = TableRows(table)
    let moved = TableRows(taken.embedding) + -1 * old
    let expected = settings.expected(table, gradient: step.gradient) + -1 * old
    return [
      GradientReport.Check(
        "step-once", error: moved.relativeError(to: expected), tolerance: Self.stepTolerance,
        "one AdamW step moves the table, and decays it, once"),
      GradientReport.Check(
        "names-agree", error: TableRows(taken.head).relativeError(to: TableRows(taken.embedding)),
        tolerance: 0, "after the step, both names are one matrix"),
    ]
  }

  /// Finite differences of either path with the other table held.
  func pathChecks(
    _ batch: TokenBatch, _ parts: (input: TableRows, output: TableRows)
  ) throws(CheckpointError) -> [GradientReport.Check] {
    let difference = FiniteDifference(decoder: decoder, batch: batch)
    let input = try difference.derivative(
      along: parts.input, factors: Self.factor, path: .input)
    let output = try difference.derivative(
      along: parts.output, factors: Self.factor, path: .output)
    return [
      GradientReport.Check(
        "finite-difference-input",
        error: Self.relative(parts.input.dot(parts.input, factors: Self.factor), input),
        tolerance: Self.differenceTolerance, "the table moved as an input alone"),
      GradientReport.Check(
        "finite-difference-output",
        error: Self.relative(parts.output.dot(parts.output, factors: Self.factor), output),
        tolerance: Self.differenceTolerance, "the table moved as an output alone"),
    ]
  }

  // MARK: Errors

  private static func relative(_ found: Double, _ expected: Double) -> Double {
    let magnitude = max(abs(found), abs(expected))
    return magnitude == 0 ? 0 : abs(found - expected) / magnitude
  }

  private static func error(_ found: [Double], _ expected: [Double]) -> Double {
    let magnitude = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    if magnitude == 0 { return difference == 0 ? 0 : .infinity }
    return difference / magnitude
  }
}
