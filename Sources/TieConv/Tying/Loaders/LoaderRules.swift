// What each loader does with a pair.  The rules and where they were read stand in LOADER_RULES.md;
// what was not established is `unknown`, never a guess.

/// Predicts what loaders do with a checkpoint.
public enum LoaderRules {
  /// What `target` does with exactly these files.
  public static func predict(
    _ situation: LoaderSituation, target: LoaderTarget
  ) -> LoaderPrediction {
    let (outcome, reason) = general(situation, target: target) ?? specific(situation, target)
    return LoaderPrediction(target: target, outcome: outcome, reason: reason)
  }

  /// Predictions for every target, in their order.
  public static func predictAll(_ situation: LoaderSituation) -> [LoaderPrediction] {
    LoaderTarget.allCases.map { predict(situation, target: $0) }
  }

  typealias Answer = (LoaderOutcome, String)

  private static func specific(_ situation: LoaderSituation, _ target: LoaderTarget) -> Answer {
    switch target {
    case .transformers4: transformers4(situation)
    case .transformers5: transformers5(situation)
    case .vllm: vllm(situation)
    case .sglang: sglang(situation)
    case .llamaCpp: llamaCpp(situation)
    case .mlxLM: mlxLM(situation)
    case .tensorRTLLM: tensorRTLLM(situation)
    }
  }

  /// Cases that are the same everywhere.
  private static func general(_ s: LoaderSituation, target: LoaderTarget) -> Answer? {
    if !s.embeddingStored && !s.headStored {
      return (.unknown, "neither matrix is stored")
    }
    if s.format == .gguf && target != .llamaCpp { return ggufImport(s, target) }
    if s.format == .other { return (.unknown, "it does not read this format") }
    if s.isHeadless && !s.headStored && target != .llamaCpp {
      return (.unknown, "this class has no head: there is nothing to tie")
    }
    return nil
  }

  // MARK: Answers that several loaders share

  /// A loader that ties by its flag and never looks at the stored head.
  static func tiesBlindly(_ s: LoaderSituation, because why: String) -> Answer {
    guard s.headStored else { return (.ties, why + ", and only the embedding is stored") }
    if s.equal == true { return (.ties, why + "; the stored head is equal and is ignored") }
    let compared = s.equal == nil ? "may differ (not compared)" : "differs"
    return (.dropsHead, why + "; the stored head \(compared) and is ignored without a warning")
  }

  static func randomHead(_ why: String) -> Answer {
    (.randomHead, why + ", and no head is stored: it is left newly initialised")
  }

  static let unknownDefault: Answer = (
    .unknown, "the flag is absent and the default of this class is not known"
  )

  /// No outcome word says "the embedding is random", so the reason does.
  static func randomEmbedding(_ why: String) -> Answer {
    (.unknown, why + ": the embedding is not in the files and is left newly initialised")
  }
}
