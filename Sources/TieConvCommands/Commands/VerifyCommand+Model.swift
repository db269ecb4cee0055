// The verifications that run the model: --logits, --gradients, --drift.

internal import ArgumentParser
internal import TieConv
internal import TieConvIO
internal import TieConvModel

/// Flags of the verifications that run a model.
struct ModelVerifyOptions: ParsableArguments {
  @Flag(help: "Compare two models' full distributions on a text.")
  var logits = false

  @Flag(help: "Verify that gradients reach the shared table from both sides, once each.")
  var gradients = false

  @Flag(help: "Of two checkpoints of one run: have embedding and head moved together?")
  var drift = false

  @Option(
    help: ArgumentHelp(
      "With --gradients: a framework's gradients of the same tokens.", valueName: "safetensors"),
    completion: .file())
  var against: String?

  @Flag(help: "With --gradients: sum the table's gradients in F64.")
  var wide = false

  @Option(help: ArgumentHelp("With --logits: the greatest mean KL, in nats.", valueName: "nats"))
  var maxMeanKl = LogitReport.Thresholds().meanKL

  @Option(
    help: ArgumentHelp(
      "With --logits: the greatest KL of one position, in nats.", valueName: "nats"))
  var maxKl = LogitReport.Thresholds().maxKL

  @Option(
    help: ArgumentHelp(
      "With --logits: what matrix products read, f32, bf16 or ggml.", valueName: "type"))
  var compute = ComputePrecision.f32

  @OptionGroup var source: TextOptions

  /// Whether a model is run at all.
  var isAny: Bool { logits || gradients || drift }

  func validate() throws {
    if [logits, gradients, drift].count(where: { $0 }) > 1 {
      throw ValidationError("--logits, --gradients and --drift are one at a time.")
    }
    if against != nil || wide, !gradients {
      throw ValidationError("--against and --wide go with --gradients.")
    }
    guard maxMeanKl >= 0, maxKl >= 0 else {
      throw ValidationError("--max-mean-kl and --max-kl take numbers from 0.")
    }
    if logits, !source.isGiven { throw ValidationError("--logits needs --text or --tokens.") }
    if source.isGiven, !logits, !gradients {
      throw ValidationError("--text and --tokens go with --logits or --gradients.")
    }
  }

  func check(inputs: Int) throws {
    if logits || drift, inputs != 2 { throw ValidationError("This takes two checkpoints.") }
    if gradients, inputs != 1 { throw ValidationError("--gradients takes one checkpoint.") }
  }
}

extension VerifyCommand {
  /// Runs the verification that was asked for.
  func runModel() throws(CheckpointError) -> CommandStatus {
    let checkpoint = try Checkpoint(opening: input)
    if model.gradients { return try verifyGradients(checkpoint) }
    guard let other else { return .failed }
    let second = try Checkpoint(opening: other)
    return model.drift
      ? try measureDrift(checkpoint, second) : try compareLogits(checkpoint, second)
  }

  private func compareLogits(
    _ one: Checkpoint, _ two: Checkpoint
  ) throws(CheckpointError) -> CommandStatus {
    let options = output.execution
    let first = try Decoder(of: one, precision: model.compute, options: options)
    let second = try Decoder(of: two, precision: model.compute, options: options)
    let size = first.configuration.vocabularySize
    guard let text = try model.source.read(for: one, vocabularySize: size, options) else {
      return .failed
    }
    var thresholds = LogitReport.Thresholds()
    thresholds.meanKL = model.maxMeanKl
    thresholds.maxKL = model.maxKl
    let report = try LogitComparer(first, second, options: options).report(
      try text.windows(context: model.source.context), thresholds: thresholds)
    output.write(report.json, text: LogitText(report: report, style: TextStyle(.output)).text)
    return report.passed ? .yes : .no
  }

  private func verifyGradients(_ checkpoint: Checkpoint) throws(CheckpointError) -> CommandStatus {
    let options = output.execution
    var settings = GradientVerifier.Options(execution: options)
    settings.accumulatesWide = model.wide
    let verifier = try GradientVerifier(checkpoint, options: settings)
    let size = verifier.configuration.vocabularySize
    let text = try model.source.read(for: checkpoint, vocabularySize: size, options)
    let batch = try text.map { text throws(CheckpointError) in
      // One window: what is verified does not depend on how much text there is.
      let context = min(model.source.context, max(2, text.tokens.count))
      return TokenBatch(Array(try text.windows(context: context).windows.prefix(1)))
    }
    let tokens = batch ?? verifier.exampleBatch
    let report = try verifier.report(tokens)
    let oracle = try model.against.map { path throws(CheckpointError) in
      try GradientOracle(verifier).report(try Checkpoint(opening: path), tokens)
    }
    output.write(
      report.json(with: oracle),
      text: GradientText(report: report, oracle: oracle, style: TextStyle(.output)).text)
    return report.passed && oracle?.passed != false ? .yes : .no
  }

  private func measureDrift(
    _ before: Checkpoint, _ after: Checkpoint
  ) throws(CheckpointError) -> CommandStatus {
    let report = try DriftMeasurement(before, after, options: output.execution).report()
    output.write(report.json, text: DriftText(report: report, style: TextStyle(.output)).text)
    return report.isTogether ? .yes : .no
  }
}
