// vLLM, SGLang and TensorRT-LLM: rules per class, because each class loads its own weights.

extension LoaderRules {
  static func vllm(_ s: LoaderSituation) -> Answer {
    guard let name = s.architecture else { return (.unknown, "no architecture is named") }
    if s.embeddingQuantized || s.sameShape == false {
      return (.unknown, "packed embeddings and unequal shapes were not established")
    }
    if LoaderTables.vllmAlwaysTied.contains(name) {
      return s.embeddingStored
        ? tiesBlindly(s, because: "this class always uses the embedding as head")
        : randomEmbedding("this class always uses the embedding as head")
    }
    guard LoaderTables.vllmByFlag.contains(name) else {
      return (.unknown, "how vLLM's class for \(TensorName.escaped(name)) ties was not established")
    }
    if s.strayHeadCompanions {
      return (.refuses, "scales without their weight name no parameter of the model")
    }
    guard let flag = s.effectiveFlag(.five) else { return unknownDefault }
    guard s.headStored else {
      return flag ? tiesBlindly(s, because: "the flag is true") : randomHead("the flag is false")
    }
    if !s.embeddingStored { return randomEmbedding("a stored head unties the model") }
    guard flag else { return (.keepsBoth, "the flag is false") }
    let seen = s.format != .pytorch && (s.headName ?? "lm_head.weight").hasSuffix("lm_head.weight")
    guard seen else {
      return tiesBlindly(s, because: "the flag is true and the head's name is not looked for")
    }
    if s.headQuantized { return (.keepsBoth, "a packed head is loaded as it is stored") }
    switch s.equal {
    case true?: return (.ties, "the flag is true; both are loaded, found equal and tied again")
    case false?:
      return (.keepsBoth, "the flag is true but the matrices differ: kept apart, with a warning")
    case nil: return (.unknown, "ties if the matrices are equal, which was not compared")
    }
  }

  static func sglang(_ s: LoaderSituation) -> Answer {
    guard let name = s.architecture else { return (.unknown, "no architecture is named") }
    if s.embeddingQuantized || s.headQuantized || s.sameShape == false {
      return (.unknown, "packed matrices and unequal shapes were not established")
    }
    if LoaderTables.sglangAlwaysTied.contains(name) {
      return s.embeddingStored
        ? tiesBlindly(s, because: "this class always uses the embedding as head")
        : randomEmbedding("this class always uses the embedding as head")
    }
    if LoaderTables.sglangNeverTied.contains(name) {
      if !s.embeddingStored { return randomEmbedding("this class never ties") }
      return s.headStored
        ? (.keepsBoth, "this class never ties, whatever the flag")
        : randomHead("this class never ties, whatever the flag")
    }
    let skipsHead = name == "Gemma3ForCausalLM"
    guard skipsHead || LoaderTables.sglangByFlag.contains(name) else {
      return (
        .unknown, "how SGLang's class for \(TensorName.escaped(name)) ties was not established"
      )
    }
    guard let flag = s.effectiveFlag(.five) else { return unknownDefault }
    if !s.embeddingStored {
      return randomEmbedding(flag ? "the flag is true" : "the flag is false")
    }
    if flag { return tiesBlindly(s, because: "the flag is true") }
    if skipsHead && s.headStored {
      return (.randomHead, "the flag is false, yet this class skips lm_head.weight by name")
    }
    return s.headStored
      ? (.keepsBoth, "the flag is false") : randomHead("the flag is false")
  }

  static func tensorRTLLM(_ s: LoaderSituation) -> Answer {
    guard let name = s.architecture, LoaderTables.tensorRTByFlag.contains(name) else {
      return (.unknown, "how TensorRT-LLM's class for this architecture ties was not established")
    }
    if s.embeddingQuantized || s.headQuantized || s.sameShape == false {
      return (.unknown, "packed matrices and unequal shapes were not established")
    }
    let (four, five) = (s.effectiveFlag(.four), s.effectiveFlag(.five))
    guard let flag = five, four == five else {
      return (.unknown, "the flag's default depends on the transformers release beside it")
    }
    if !s.embeddingStored {
      return (.unknown, "what a missing embedding does was not established")
    }
    if flag { return tiesBlindly(s, because: "the flag is true") }
    return s.headStored
      ? (.keepsBoth, "the flag is false")
      : (
        .refuses,
        "the flag is false and no head is stored (the older TensorRT backend tied it silently)"
      )
  }
}
