// Choices of convert.

/// The formats that a checkpoint can be converted to.
public enum ConversionTarget: String, Sendable, CaseIterable {
  /// A Hugging Face folder, or one file where the input is one.
  case safetensors
  /// One GGUF file, as llama.cpp runs it.
  case gguf
  /// A folder as mlx-lm loads it.
  case mlx
  /// The lossless container.
  case tiepack
}

/// How a checkpoint is converted.
public struct ConvertOptions: Sendable {
  /// The type that float matrices are cast to; nil keeps each one's own.
  public var dtype: DType?
  /// The most bytes of tensors that one weight file of a folder gets.
  public var maximumShardSize = 5_000_000_000
  /// Whether the output is computed anew and compared before it is put in place.
  public var verifies = true
  /// Whether an existing output is replaced, in one step.
  public var replaces = false
  /// Whether everything is worked out and nothing written.
  public var isDryRun = false
  /// Threads, progress, cancellation.
  public var execution: ExecutionOptions

  /// The usual choices: every type is kept, the output is verified, nothing is replaced.
  public init(execution: ExecutionOptions = ExecutionOptions()) { self.execution = execution }

  /// The types that can be asked for.
  public static let dtypes: [DType] = [.f32, .bf16, .f16]
}
