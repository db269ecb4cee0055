// Choices of convert.

/// The formats that a checkpoint can be converted to.
public enum ConversionTarget: String, Sendable, CaseIterable {
  /// A Hugging Face folder, or one file where the input is one.
  case safetensors
  /// A GGUF file, or a folder of parts, as llama.cpp runs it.
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
  /// The most bytes of tensors that one weight file gets; nil for 5 GB a file of a folder, and for a
  /// GGUF model in one file.
  public var maximumShardSize: Int?
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

  /// The limit for a weight file of a folder.
  var shardLimit: Int { maximumShardSize ?? 5_000_000_000 }

  /// The types that can be asked for.
  public static let dtypes: [DType] = [.f32, .bf16, .f16]
}
