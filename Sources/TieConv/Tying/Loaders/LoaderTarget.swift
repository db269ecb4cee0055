// The programs that load or convert checkpoints.

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
