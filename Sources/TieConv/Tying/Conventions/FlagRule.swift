// How a config class treats the stored values of `tie_word_embeddings` (transformers 5).

/// From the stored flags to the effective one.
public enum FlagRule: String, Hashable, Sendable, CaseIterable {
  /// The outermost value, or the class default.
  case read
  /// Always true; the stored value is ignored (mT5, UMT5, UDOP, ViLT).
  case forcedTrue = "forced"
  /// Always true; a stored `false` only turns off the decoder's output scale (T5, LongT5).
  case forcedTrueScale = "scale"
  /// A true nested value makes a false outer one true (Qwen2-VL, GLM-4V, LLaVA).
  case innerPromotesOuter = "promote"
  /// The nested value stands in only where the outer one is null (PerceptionLM).
  case innerWhenOuterAbsent = "fallback"
  /// The nested value decides alone (VibeVoice).
  case innerDecides = "inner"
  /// `tie_embedding`, where present, overrides `tie_word_embeddings` (LFM2).
  case aliasTieEmbedding = "alias"
  /// Another field of the config decides (CSM's codebooks): not derivable from the flag.
  case otherField = "other"

  /// The effective flag.  `outer` and `inner` are effective values or nil where nothing is known.
  public func effective(outer: Bool?, inner: Bool?) -> Bool? {
    switch self {
    case .read, .aliasTieEmbedding: outer
    case .forcedTrue, .forcedTrueScale: true
    case .innerPromotesOuter:
      outer == true || inner == true ? true : outer
    case .innerWhenOuterAbsent: outer ?? inner
    case .innerDecides: inner
    case .otherField: nil
    }
  }
}
