// The programs that load or convert checkpoints, and what they may do with a pair.

/// A downstream loader; the raw value is the name on the command line and in JSON.
public enum LoaderTarget: String, Hashable, Sendable, CaseIterable {
  case transformers4, transformers5, vllm, sglang
  case llamaCpp = "llama.cpp"
  case mlxLM = "mlx-lm"
  case tensorRTLLM = "tensorrt-llm"

  /// The release whose source the rules were read from.
  public var ruleVersion: String {
    switch self {
    case .transformers4: "transformers 4.57.6"
    case .transformers5: "transformers 5.23.0"
    case .vllm: "vLLM 0.33.0"
    case .sglang: "SGLang 0.5.23"
    case .llamaCpp: "llama.cpp as in llama-cpp-python 0.3.36"
    case .mlxLM: "mlx-lm 0.32.2"
    case .tensorRTLLM: "TensorRT-LLM, PyTorch backend"
    }
  }
}

/// What a loader does with the two matrices.
public enum LoaderOutcome: String, Hashable, Sendable, CaseIterable {
  /// One matrix serves both roles and nothing of value is lost.
  case ties
  /// Two matrices, as stored.
  case keepsBoth
  /// The stored head is ignored.
  case dropsHead
  /// The stored embedding is ignored.
  case dropsEmbedding
  /// The head is newly initialised.
  case randomHead
  /// Untied, with the head filled from the embedding.
  case copiesHead
  /// Loading fails with an error.
  case refuses
  /// Not established; the reason says what is missing.
  case unknown
}

/// What one loader does with exactly these files.
public struct LoaderPrediction: Hashable, Sendable {
  public let target: LoaderTarget
  public let outcome: LoaderOutcome
  public let reason: String
}
