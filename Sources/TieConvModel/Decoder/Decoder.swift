// A decoder that is ready to run: configuration, weights, threads.

public import TieConv
internal import TieConvIO
internal import TieConvKernels

/// A decoder-only language model in memory.
///
/// Runs whole sequences at a time, for measuring and training, not for generating text. Memory
/// beyond the weights is a few activations for each token of a batch: no matrix of all scores and
/// no matrix of all logits is ever held.
public struct Decoder: Sendable {
  /// What the model computes.
  public let configuration: DecoderConfiguration
  /// The arithmetic of matrix products.
  public var precision: ComputePrecision { weights.precision }
  let weights: DecoderWeights
  let machine: Machine
  /// The checkpoint's path; for messages.
  let path: String

  /// Opens the model of a checkpoint. Without a precision it is the one that the weights ask for:
  /// ``ComputePrecision/ggml`` for a GGUF file with packed weights, since nothing else runs them;
  /// F32 for F32; else BF16.
  ///
  /// Weights are read where they lie in their file, in F32, BF16 or F16, and copied only where
  /// products need them otherwise: packed ones, F32 ones that are rounded to BF16, and those that
  /// several tensors make up which do not stand one after another.
  ///
  /// - Throws: `CheckpointError`: what is missing, not understood, or contradicts the config.
  public init(
    of checkpoint: Checkpoint, precision: ComputePrecision? = nil,
    options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) {
    let model = try TranslatedModel(checkpoint, options: options)
    let configuration = try DecoderConfiguration(of: model)
    let precision = precision ?? WeightLoader.naturalPrecision(of: model, configuration)
    guard precision != .ggml || model.isGGUF else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path,
        "ggml's arithmetic is defined for GGUF files alone",
        hint: "take f32 or bf16")
    }
    let loader = WeightLoader(
      model: model, configuration: configuration, precision: precision, options: options)
    self.init(
      weights: try loader.load(), machine: Machine(threads: options.threads, precision: precision),
      path: checkpoint.path)
  }

  init(weights: DecoderWeights, machine: Machine, path: String) {
    configuration = weights.configuration
    self.weights = weights
    self.machine = machine
    self.path = path
  }

  /// The same model with other weights.
  func with(_ weights: DecoderWeights) -> Decoder {
    Decoder(weights: weights, machine: machine, path: path)
  }

  /// Checks that tokens are in the vocabulary and positions in the table of learned ones.
  func check(_ batch: TokenBatch) throws(CheckpointError) {
    if let token = batch.tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
      throw CheckpointError(
        .conflict, file: path, "token \(token) is outside the vocabulary",
        expected: "0 to \(configuration.vocabularySize - 1)",
        hint: "the tokens are another tokenizer's")
    }
    if let most = configuration.learnedPositions, batch.longest > most {
      throw CheckpointError(
        .conflict, file: path, "the model has \(most) positions", found: "\(batch.longest) tokens",
        hint: "use a shorter context")
    }
  }

  /// Turns a mistake in sizes, which the checks on loading exclude, into an error; and results of a
  /// file that changed meanwhile.
  func computing<T>(_ body: () throws(KernelError) -> T) throws(CheckpointError) -> T {
    let result: T
    do { result = try body() } catch {
      throw CheckpointError(.invalidConfig, file: path, "sizes do not fit: \(error)")
    }
    do {
      for file in weights.files { try file.check() }
    } catch { throw CheckpointError(error) }
    return result
  }
}
