// verify A --gradients --against: which path did another framework's training step lose?

public import TieConv
internal import TieConvKernels

/// Compares gradients that another framework computed with ours, on the same tokens.
public struct GradientOracle: Sendable {
  private let decoder: Decoder
  private let options: ExecutionOptions

  /// Norm-wise. Autocast to BF16 costs about 1e-2; losing a path costs its share of the norm.
  public static let tolerance = 2e-2

  /// An oracle that runs the model of `verifier`.
  public init(_ verifier: GradientVerifier) {
    decoder = verifier.decoder
    options = verifier.options.execution
  }

  /// The report on the gradients that `file` holds under the names of the checkpoint's tensors,
  /// taken on `batch` as the mean, or any multiple, of −log p over all predicted positions.
  ///
  /// - Throws: `CheckpointError` where the file cannot be read, or a shape is not the weight's.
  public func report(
    _ file: Checkpoint, _ batch: TokenBatch
  ) throws(CheckpointError) -> OracleReport {
    var request = GradientRequest()
    request.separatesPaths = true
    let ours = try decoder.gradients(batch, request)
    var pairs: [(name: String, theirs: [Float], ours: [Float])] = []
    var embedding: [Float]?
    var head: [Float]?
    for binding in decoder.weights.bindings {
      guard let theirs = try values(file, binding) else { continue }
      switch binding.key.role {
      case .embedding: embedding = theirs
      case .head: head = theirs
      default:
        if let own = ours.values(of: binding, isTied: false) {
          pairs.append((binding.name, theirs, own))
        }
      }
    }
    if head == nil { head = try extraHead(file) }
    let scale = Self.median(pairs.map { Self.scale($0.theirs, $0.ours) }) ?? 1
    let table = readings(embedding, head, ours, scale)
    return OracleReport(
      verdict: table.verdict, tableErrors: table.errors, scale: scale,
      tensors: pairs.map { ($0.name, Self.error($0.theirs, $0.ours, scale)) },
      tolerance: Self.tolerance, isTied: decoder.weights[.head] == nil)
  }

  /// A tied framework may dump its head's name too, which the checkpoint does not store.
  private func extraHead(_ file: Checkpoint) throws(CheckpointError) -> [Float]? {
    let shape = [decoder.configuration.vocabularySize, decoder.configuration.hiddenSize]
    for name in TensorNames.heads {
      let binding = TensorBinding(
        name: name, key: ParameterKey(.head), shape: shape, placement: .rows(from: 0))
      if let found = try values(file, binding) { return found }
    }
    return nil
  }

  private func values(
    _ file: Checkpoint, _ binding: TensorBinding
  ) throws(CheckpointError) -> [Float]? {
    guard let (_, info) = file.tensor(binding.name),
      let bytes = try file.bytes(of: binding.name, options: options)
    else { return nil }
    guard info.shape.dimensions == binding.shape.map(UInt64.init) else {
      throw CheckpointError(
        .conflict, file: file.path, tensor: binding.name, "the gradient is not the weight's shape",
        found: info.shape.description, expected: "\(binding.shape)")
    }
    guard let kind = ElementKind(info.dtype), kind != .f64 else {
      throw CheckpointError(
        .unsupportedFormat, file: file.path, tensor: binding.name,
        "gradients of type \(info.dtype.rawValue) are not read", hint: "dump them as F32")
    }
    var floats = [Float](repeating: 0, count: binding.shape.reduce(1, *))
    do throws(KernelError) {
      var span = floats.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &span)
    } catch {
      throw CheckpointError(.tensorSizeMismatch, file: file.path, tensor: binding.name, "\(error)")
    }
    return floats
  }

  // MARK: The table

  private func readings(
    _ embedding: [Float]?, _ head: [Float]?, _ ours: DecoderGradients, _ scale: Double
  ) -> (verdict: OracleReport.Verdict, errors: [(verdict: OracleReport.Verdict, error: Double)]) {
    let input = Self.elements(ours.input)
    let output = Self.elements(ours.output)
    if let embedding, let head, embedding != head {
      let error = max(
        Self.error(embedding, input, scale), Self.error(head, output, scale))
      return (error <= Self.tolerance ? .twoLeaves : .neither, [(.twoLeaves, error)])
    }
    guard let theirs = embedding ?? head else { return (.missing, []) }
    let sum = zip(input, output).map { $0 + $1 }
    let errors: [(verdict: OracleReport.Verdict, error: Double)] = [
      (.bothPaths, Self.error(theirs, sum, scale)),
      (.inputPathOnly, Self.error(theirs, input, scale)),
      (.outputPathOnly, Self.error(theirs, output, scale)),
      (.doubled, Self.error(theirs, sum, 2 * scale)),
    ]
    let best = errors.min { $0.error < $1.error }
    guard let best, best.error <= Self.tolerance else { return (.neither, errors) }
    return (best.verdict, errors)
  }

  private static func elements(_ table: any TableGradient) -> [Float] {
    (0..<table.rows).flatMap { table.row($0).map { Float($0) } }
  }

  // MARK: Numbers

  /// The factor that brings ours closest to theirs.
  private static func scale(_ theirs: [Float], _ ours: [Float]) -> Double {
    var product = 0.0
    var square = 0.0
    for (x, y) in zip(theirs, ours) {
      product += Double(x) * Double(y)
      square += Double(y) * Double(y)
    }
    return square > 0 ? product / square : 1
  }

  private static func error(_ theirs: [Float], _ ours: [Float], _ scale: Double) -> Double {
    var difference = 0.0
    var square = 0.0
    for (x, y) in zip(theirs, ours) {
      let expected = scale * Double(y)
      let d = Double(x) - expected
      difference += d * d
      square += expected * expected
    }
    if square == 0 { return difference == 0 ? 0 : .infinity }
    return (difference / square).squareRoot()
  }

  private static func median(_ values: [Double]) -> Double? {
    let sorted = values.filter(\.isFinite).sorted()
    return sorted.isEmpty ? nil : sorted[sorted.count / 2]
  }
}
