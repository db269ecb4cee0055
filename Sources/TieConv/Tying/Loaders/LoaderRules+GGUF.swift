// What loaders other than llama.cpp do with a GGUF file.

extension LoaderRules {
  /// Architectures of GGUF files that transformers 4.57.6 imports (`integrations/ggml.py`).
  private static let imported: Set<String> = [
    "llama", "mistral", "qwen2", "qwen2moe", "lfm2", "qwen3", "qwen3moe", "falcon", "phi3", "bloom",
    "t5", "t5encoder", "stablelm", "gpt2", "starcoder2", "mamba", "nemotron", "gemma2", "gemma3",
    "deci",
  ]
  /// Those that came with 5.23.0.
  private static let importedSince5: Set<String> = ["gpt-oss", "gemma4", "minimax-m2"]
  /// Those that the import ties whatever is stored.
  private static let alwaysTiedByImport: Set<String> = ["falcon", "bloom"]

  static func ggufImport(_ s: LoaderSituation, _ target: LoaderTarget) -> Answer {
    switch target {
    case .transformers4, .transformers5: return transformersImport(s, target)
    case .mlxLM: return (.refuses, "it reads safetensors only")
    default: return (.unknown, "what it does with a GGUF file was not established")
    }
  }

  private static func transformersImport(_ s: LoaderSituation, _ target: LoaderTarget) -> Answer {
    guard let name = s.ggufArchitecture,
      imported.contains(name) || target == .transformers5 && importedSince5.contains(name)
    else { return (.refuses, "its GGUF import does not know this architecture") }
    guard s.embeddingStored else {
      return randomEmbedding("the import finds no token_embd.weight")
    }
    if !s.headStored {
      return (.ties, "its GGUF import sets the flag to true where output.weight is absent")
    }
    guard !alwaysTiedByImport.contains(name) else {
      return (.unknown, "the import sets the flag to true although a head is stored")
    }
    let twice = s.equal == true ? "; the equal copy is kept" : ""
    return (
      .keepsBoth, "its GGUF import sets the flag to false where output.weight is stored" + twice
    )
  }
}
