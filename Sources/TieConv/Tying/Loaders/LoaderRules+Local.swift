// llama.cpp (converter, then loader) and mlx-lm, whose loading is strict about every name.

extension LoaderRules {
  static func llamaCpp(_ s: LoaderSituation) -> Answer {
    if s.format == .gguf {
      guard let name = s.ggufArchitecture, let policy = GGUFTiePolicy(architecture: name) else {
        return (.unknown, "general.architecture is not one that llama.cpp knows")
      }
      return ggufLoader(policy, head: s.headStored, s)
    }
    guard let name = s.architecture, let conversion = GGUFConversion(huggingFace: name) else {
      return (.unknown, "the converter does not list this architecture")
    }
    if s.embeddingQuantized || s.headQuantized {
      return (.unknown, "what the converter does with a packed pair was not established")
    }
    if s.strayHeadCompanions {
      return (.refuses, "the converter cannot map scales that lack their weight")
    }
    if s.headBiasStored, s.headStored,
      !GGUFTiePolicy.readsOutputBias(architecture: conversion.architecture)
    {
      return (.unknown, "llama.cpp reads no output.bias here; the converter was not followed")
    }
    // The converter tests the raw config for the flag: an absent one counts as false.
    let flag = s.outerFlag ?? s.innerFlag ?? false
    let isNamed = (s.headName ?? "lm_head.weight") == "lm_head.weight"
    switch conversion.headHandling {
    case .drop where s.headStored && isNamed:
      return afterDropping(s, conversion, because: "the converter skips lm_head.weight by name")
    case .dropIfFlagged where s.headStored && isNamed && flag:
      return afterDropping(s, conversion, because: "the converter skips the head by its flag")
    case .dropIfEqual where s.headStored && s.equal == true:
      return afterDropping(s, conversion, because: "the converter omits an equal head")
    case .dropIfEqual where s.headStored && s.equal == nil:
      return (.unknown, "the converter omits an equal head, and equality was not compared")
    default: return ggufLoader(conversion.policy, head: s.headStored, s)
    }
  }

  private static func afterDropping(
    _ s: LoaderSituation, _ conversion: GGUFConversion, because why: String
  ) -> Answer {
    let after = ggufLoader(conversion.policy, head: false, s)
    return after.0 == .ties ? tiesBlindly(s, because: why) : after
  }

  /// The loader's side: names alone, no flag and no comparison.
  private static func ggufLoader(
    _ policy: GGUFTiePolicy, head: Bool, _ s: LoaderSituation
  ) -> Answer {
    if !s.embeddingStored {
      return policy == .embeddingFallsBackToOutput
        ? (.ties, "output.weight serves as embedding for this architecture")
        : (.refuses, "token_embd.weight is required")
    }
    switch (policy, head) {
    case (.optional, true), (.outputRequired, true), (.optionalWithoutFallback, true):
      let twice = s.equal == true ? "; the equal copy is kept" : ""
      return (.keepsBoth, "output.weight is present" + twice)
    case (.optional, false):
      return (.ties, "without output.weight token_embd.weight is the head, whatever the flag")
    case (.alwaysTied, true):
      return (.refuses, "output.weight is one tensor too many for this architecture")
    case (.alwaysTied, false): return (.ties, "this architecture has no output.weight")
    case (.outputRequired, false):
      return (.refuses, "output.weight is required for this architecture")
    case (.embeddingFallsBackToOutput, true): return (.keepsBoth, "both matrices are present")
    case (.noHead, _): return (.unknown, "this GGUF architecture has no head")
    default: return (.unknown, "the loader's rule for this architecture was not established")
    }
  }

  /// Why mlx-lm does not take a packing, whatever the tie; nil where it does.
  private static func mlxRefusal(of packing: PackingFacts) -> String? {
    switch packing.method {
    case "gptq"?, "awq"?:
      if packing.bits ?? 4 != 4 { return "it takes GPTQ and AWQ of 4 bits only" }
      return packing.hasGroupIndex ? "it takes no GPTQ files with a group index" : nil
    case "compressed-tensors"?:
      let taken = ["pack-quantized", "nvfp4-pack-quantized", "mxfp4-pack-quantized"]
      return taken.contains(packing.format ?? "")
        ? nil : "it does not take this format of compressed-tensors"
    case "bitsandbytes"?:
      return "the strict loader finds the states of bitsandbytes, which the model lacks"
    default: return nil
    }
  }

  static func mlxLM(_ s: LoaderSituation) -> Answer {
    guard s.format != .pytorch else { return (.refuses, "it reads safetensors only") }
    if let refusal = mlxRefusal(of: s.packing) { return (.refuses, refusal) }
    guard let type = s.modelType, let rule = LoaderTables.MLXRule(modelType: type) else {
      return (.unknown, "how mlx-lm's model for this type ties was not established")
    }
    if s.sameShape == false { return (.unknown, "unequal shapes were not established") }
    let extra: Answer = (.refuses, "the strict loader finds lm_head names that the model lacks")
    if s.strayHeadCompanions { return extra }
    if !s.embeddingStored {
      return (.refuses, "the strict loader misses the embedding")
    }
    let missing: Answer = (.refuses, "the strict loader misses the head")
    switch rule.style {
    case .always:
      let why = "this model always uses the embedding as head"
      return s.headStored ? extra : tiesBlindly(s, because: why)
    case .never:
      return s.headStored ? (.keepsBoth, "this model never ties, whatever the flag") : missing
    case .presence:
      return s.headStored
        ? (.keepsBoth, "a stored head is used, whatever the flag")
        : (.ties, "no head is stored: the embedding is used, whatever the flag")
    case .byFlag, .byFlagAndDrops:
      guard let flag = s.outerFlag ?? rule.flagDefault else {
        return (.refuses, "this model's config must state tie_word_embeddings")
      }
      if !flag { return s.headStored ? (.keepsBoth, "the flag is false") : missing }
      if !s.headStored { return tiesBlindly(s, because: "the flag is true") }
      if rule.style == .byFlag || s.headQuantized || s.headBiasStored { return extra }
      return tiesBlindly(s, because: "the flag is true")
    }
  }
}
