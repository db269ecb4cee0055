// What the config classes of transformers 5.23 assume where a config is silent.

/// The defaults of one family.
struct FamilyDefaults {
  var centers = false
  var epsilon = 1e-6
  var gainOffset: Float = 0
  var activation = DecoderConfiguration.Activation.silu
  var headSize: Int?
  var keyValueHeads: Int?
  var rotaryBase = 10_000.0
  /// The base of layers with a sliding window, where it is another.
  var localRotaryBase: Double?
  var maximumPositions = 2048

  init(_ family: DecoderFamily) {
    switch family {
    case .llama, .granite: break
    case .mistral: (keyValueHeads, maximumPositions) = (8, 131_072)
    case .qwen2: (keyValueHeads, maximumPositions) = (32, 32_768)
    case .qwen3: (keyValueHeads, headSize, maximumPositions) = (32, 128, 32_768)
    case .gemma, .gemma2, .gemma3:
      (gainOffset, activation, headSize) = (1, .geluTanh, 256)
      keyValueHeads = family == .gemma ? 16 : 4
      maximumPositions = family == .gemma3 ? 131_072 : 8192
      if family == .gemma3 { (rotaryBase, localRotaryBase) = (1_000_000, 10_000) }
    case .phi3: (epsilon, maximumPositions) = (1e-5, 4096)
    case .gpt2: (centers, epsilon, activation) = (true, 1e-5, .geluTanh)
    case .gptNeoX: (centers, epsilon, activation) = (true, 1e-5, .gelu)
    case .olmo2: epsilon = 1e-5
    case .cohere:
      (centers, epsilon, rotaryBase, maximumPositions) = (true, 1e-5, 500_000, 8192)
    case .smollm3: (keyValueHeads, rotaryBase, maximumPositions) = (4, 2_000_000, 32_768)
    }
  }
}
