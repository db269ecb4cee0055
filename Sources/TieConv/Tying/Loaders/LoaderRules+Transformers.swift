// transformers 4 ties by flag and overwrites; transformers 5 compares and keeps what differs.

extension LoaderRules {
  static func transformers4(_ s: LoaderSituation) -> Answer {
    guard let convention = s.convention else {
      return (.unknown, "the class is not in transformers: it comes with its own code")
    }
    guard convention.transformers4FlagDefault != nil else {
      return (.unknown, "transformers 4.57 does not have this class")
    }
    guard let flag = s.effectiveFlag(.four) else { return unknownDefault }
    if let answer = shapesDiffer(s) ?? quantized(s, flag: flag) { return answer }
    if flag {
      if s.embeddingStored { return tiesBlindly(s, because: "the flag is true") }
      return (
        .dropsHead,
        "the flag is true and the loaded head is replaced by an embedding that was never loaded"
      )
    }
    if !s.embeddingStored { return randomEmbedding("the flag is false") }
    return s.headStored
      ? (.keepsBoth, "the flag is false") : randomHead("the flag is false")
  }

  static func transformers5(_ s: LoaderSituation) -> Answer {
    guard let convention = s.convention else {
      return (.unknown, "the class is not in transformers: it comes with its own code")
    }
    let declared = convention.tiesHead || convention.conditionalTies != nil
    let flag = declared ? s.effectiveFlag(.five) : false
    guard let flag else { return unknownDefault }
    if let answer = shapesDiffer(s) ?? quantized(s, flag: flag) { return answer }
    let why =
      !declared
      ? "this class declares no tie" : flag ? "the flag is true" : "the flag is false"
    if !flag {
      if !s.embeddingStored { return randomEmbedding(why) }
      return s.headStored ? (.keepsBoth, why) : randomHead(why)
    }
    if !s.embeddingStored {
      return (.ties, why + "; the embedding is taken from the stored head")
    }
    if !s.headStored { return (.ties, why + ", and only the embedding is stored") }
    switch s.equal {
    case true?: return (.ties, why + " and the matrices are equal")
    case false?:
      return (.keepsBoth, why + " but the matrices differ: kept apart, with a warning")
    case nil: return (.unknown, why + ": ties if the matrices are equal, which was not compared")
    }
  }

  private static func shapesDiffer(_ s: LoaderSituation) -> Answer? {
    guard s.embeddingStored, s.headStored, s.sameShape == false else { return nil }
    return (.refuses, "one of the two does not have the shape that the config states")
  }

  /// What happens to a packed matrix depends on the quantizer's integration.
  private static func quantized(_ s: LoaderSituation, flag: Bool) -> Answer? {
    guard s.embeddingQuantized || s.headQuantized else { return nil }
    if !flag && s.embeddingStored && s.headStored {
      return (.keepsBoth, "the flag is false; packed matrices load as their quantizer says")
    }
    return (.unknown, "how a packed matrix is tied depends on the quantizer")
  }
}
