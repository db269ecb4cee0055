// verify A --gradients: do gradients reach the shared table from both sides, once each?

public import TieConv
internal import TieConvKernels

/// Verifies the flow of gradients through the table of a decoder.
public struct GradientVerifier: Sendable {
  /// How the verification is carried out.
  public struct Options: Sendable {
    /// Whether the table's gradients are summed in F64.
    public var accumulatesWide = false
    /// Whether faults are put in, each of which must be found.
    public var injectsFaults = true
    /// Threads and cancellation.
    public var execution: ExecutionOptions

    /// Sums in F32, faults put in.
    public init(execution: ExecutionOptions = ExecutionOptions()) { self.execution = execution }
  }

  let decoder: Decoder
  let options: Options

  /// Two F32 sums of the same terms in another order.
  static let pathTolerance = 1e-5
  /// The same in F64; what is left is the rounding of F64.
  static let widePathTolerance = 1e-12
  /// The derivative by extrapolated differences against gradient · direction, relative. Losses carry
  /// the rounding of an F32 forward pass, some 1e-6 nats, and the differences that are weighted most
  /// span 0.1 to 1 nat.
  static let differenceTolerance = 1e-4
  /// Where a loss hardly depends on a table, as where its rows are large and normalized at once, the
  /// extrapolation is in doubt, and ten times its own estimate of that is allowed, up to this. Losing
  /// a path gives 1, and all faults more than ten times this.
  static let mostDifferenceTolerance = 1e-3
  /// Logits and exponentials in F32 against F64.
  static let rowTolerance = 1e-4
  /// A weight in F32 after a step of 1e-2.
  static let stepTolerance = 1e-4

  var pathTolerance: Double {
    options.accumulatesWide ? Self.widePathTolerance : Self.pathTolerance
  }

  /// A verification of the model of `checkpoint`. Runs in F32, whatever the weights are stored as.
  ///
  /// - Throws: `CheckpointError` where the model cannot be run.
  public init(_ checkpoint: Checkpoint, options: Options = Options()) throws(CheckpointError) {
    decoder = try Decoder(of: checkpoint, precision: .f32, options: options.execution)
    self.options = options
  }

  /// The model.
  public var configuration: DecoderConfiguration { decoder.configuration }

  var request: GradientRequest {
    var request = GradientRequest()
    request.isWide = options.accumulatesWide
    request.includesLayers = false
    return request
  }

  /// The report on `batch`.
  ///
  /// - Throws: `CheckpointError` where a token is outside the vocabulary, or on interruption.
  public func report(_ batch: TokenBatch) throws(CheckpointError) -> GradientReport {
    let separate = try decoder.with(decoder.weights.separatingHead()).gradients(batch, request)
    let parts = (input: TableRows(separate.input), output: TableRows(separate.output))
    let isTied = decoder.weights[.head] == nil
    var checks: [GradientReport.Check] = []
    var tied: Double?
    let evidence = try evidence(batch, parts, isTied: isTied)
    if isTied {
      let joint = TableRows(try decoder.gradients(batch, request).input)
      tied = joint.norm
      checks = try tiedChecks(batch, joint: joint, evidence)
    } else {
      checks = try untiedChecks(batch, evidence)
    }
    return GradientReport(
      checks: checks,
      norms: .init(input: parts.input.norm, output: parts.output.norm, tied: tied),
      tokens: batch.sequences.map { Array(batch.tokens[$0]) }, loss: separate.loss)
  }

  /// Tokens for a batch where the user gives none: two short sequences without repetition, so that
  /// some tokens are only read and some only predicted.
  public var exampleBatch: TokenBatch {
    let length = min(24, decoder.configuration.learnedPositions ?? 24)
    let size = decoder.configuration.vocabularySize
    // A step that shares no factor with the vocabulary's size visits every token once.
    var step = max(1, size * 5 / 13)
    while step < size, greatestCommonDivisor(step, size) != 1 { step += 1 }
    let tokens = (0..<2 * length).map { ($0 + 1) * step % size }
    return TokenBatch([Array(tokens[..<length]), Array(tokens[length...])])
  }

  private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }

  /// A factor between ½ and 1½ for every row, so that directions are not the gradient's own.
  static func factor(ofRow row: Int) -> Double {
    var bits = UInt64(truncatingIfNeeded: row) &* 0x9E37_79B9_7F4A_7C15
    bits ^= bits >> 29
    return 0.5 + Double(bits &* 0xBF58_476D_1CE4_E5B9 >> 40) / Double(1 << 24)
  }
}
