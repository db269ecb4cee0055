// The rule table, target by target; rows marked "run" were observed with the real loader.

import Testing

@testable import TieConv

@Suite struct LoaderRulesTests {
  /// What is stored of the pair.
  enum Stored: Sendable { case both(equal: Bool?), embedding, head }

  private func outcome(
    _ target: LoaderTarget, _ architecture: String?, _ flag: Bool?, _ stored: Stored,
    _ adjust: (inout LoaderSituation) -> Void = { _ in }
  ) -> LoaderOutcome {
    var situation = LoaderSituation(architecture: architecture)
    situation.outerFlag = flag
    switch stored {
    case .both(let equal):
      situation.headStored = true
      situation.equal = equal
      situation.sameShape = true
    case .embedding: break
    case .head: (situation.embeddingStored, situation.headStored) = (false, true)
    }
    adjust(&situation)
    let prediction = LoaderRules.predict(situation, target: target)
    #expect(!prediction.reason.isEmpty && prediction.target == target)
    return prediction.outcome
  }

  private static let cases: [(Bool?, Stored)] = [
    (true, .embedding), (true, .both(equal: true)), (true, .both(equal: false)),
    (true, .both(equal: nil)), (true, .head), (false, .both(equal: true)),
    (false, .both(equal: false)), (false, .embedding), (false, .head),
    (nil, .embedding), (nil, .both(equal: false)),
  ]

  /// Llama's outcomes in the order of `cases`; its default is false except in mlx-lm.
  private static let llama: [(LoaderTarget, [LoaderOutcome])] = [
    // run
    (
      .transformers4,
      [
        .ties, .ties, .dropsHead, .dropsHead, .dropsHead, .keepsBoth, .keepsBoth, .randomHead,
        .unknown, .randomHead, .keepsBoth,
      ]
    ),
    // run
    (
      .transformers5,
      [
        .ties, .ties, .keepsBoth, .unknown, .ties, .keepsBoth, .keepsBoth, .randomHead,
        .unknown, .randomHead, .keepsBoth,
      ]
    ),
    (
      .vllm,
      [
        .ties, .ties, .keepsBoth, .unknown, .unknown, .keepsBoth, .keepsBoth, .randomHead,
        .unknown, .randomHead, .keepsBoth,
      ]
    ),
    (
      .sglang,
      [
        .ties, .ties, .dropsHead, .dropsHead, .unknown, .keepsBoth, .keepsBoth, .randomHead,
        .unknown, .randomHead, .keepsBoth,
      ]
    ),
    (
      .llamaCpp,
      [
        .ties, .keepsBoth, .keepsBoth, .keepsBoth, .refuses, .keepsBoth, .keepsBoth, .ties,
        .refuses, .ties, .keepsBoth,
      ]
    ),
    // run
    (
      .mlxLM,
      [
        .ties, .ties, .dropsHead, .dropsHead, .refuses, .keepsBoth, .keepsBoth, .refuses,
        .refuses, .ties, .dropsHead,
      ]
    ),
    (
      .tensorRTLLM,
      [
        .ties, .ties, .dropsHead, .dropsHead, .unknown, .keepsBoth, .keepsBoth, .refuses,
        .unknown, .refuses, .keepsBoth,
      ]
    ),
  ]

  @Test(arguments: LoaderTarget.allCases) func llamaByTarget(_ target: LoaderTarget) throws {
    let expected = try #require(Self.llama.first { $0.0 == target }).1
    let found = Self.cases.map { outcome(target, "LlamaForCausalLM", $0.0, $0.1) }
    #expect(found == expected)
  }

  /// Run with mlx-lm: flag, then E, E = W, E ≠ W, W.
  private static let mlx: [(String, Bool?, [LoaderOutcome])] = [
    ("Qwen2ForCausalLM", nil, [.ties, .ties, .dropsHead, .refuses]),
    ("Qwen3ForCausalLM", true, [.ties, .ties, .dropsHead, .refuses]),
    ("Qwen3ForCausalLM", nil, [.refuses, .refuses, .refuses, .refuses]),
    ("GemmaForCausalLM", false, [.ties, .refuses, .refuses, .refuses]),
    ("CohereForCausalLM", true, [.ties, .refuses, .refuses, .refuses]),
    ("Gemma3ForCausalLM", false, [.ties, .keepsBoth, .keepsBoth, .refuses]),
    ("Gemma3ForCausalLM", true, [.ties, .keepsBoth, .keepsBoth, .refuses]),
    ("Phi3ForCausalLM", true, [.ties, .refuses, .refuses, .refuses]),
    ("Phi3ForCausalLM", nil, [.refuses, .keepsBoth, .keepsBoth, .refuses]),
    ("Olmo2ForCausalLM", nil, [.ties, .refuses, .refuses, .refuses]),
    ("Starcoder2ForCausalLM", false, [.refuses, .keepsBoth, .keepsBoth, .refuses]),
    ("PhiForCausalLM", true, [.refuses, .keepsBoth, .keepsBoth, .refuses]),
    ("MixtralForCausalLM", true, [.ties, .ties, .dropsHead, .refuses]),
    ("SmolLM3ForCausalLM", nil, [.ties, .ties, .dropsHead, .refuses]),
    ("Qwen2MoeForCausalLM", true, [.refuses, .keepsBoth, .keepsBoth, .refuses]),
  ]

  @Test func mlxModelFilesEachHaveTheirRule() {
    for (name, flag, expected) in Self.mlx {
      let stored: [Stored] = [.embedding, .both(equal: true), .both(equal: false), .head]
      #expect(stored.map { outcome(.mlxLM, name, flag, $0) } == expected, "\(name)")
    }
    #expect(outcome(.mlxLM, "BertForMaskedLM", true, .embedding) == .unknown)
    #expect(
      outcome(.mlxLM, "LlamaForCausalLM", true, .both(equal: true)) { $0.headQuantized = true }
        == .refuses)
  }

  @Test func strayCompanionsStopStrictLoaders() {
    for target in [LoaderTarget.vllm, .llamaCpp, .mlxLM] {
      let found = outcome(target, "LlamaForCausalLM", true, .embedding) {
        $0.strayHeadCompanions = true
      }
      #expect(found == .refuses)
    }
    let lax = outcome(.transformers5, "LlamaForCausalLM", true, .embedding) {
      $0.strayHeadCompanions = true
    }
    #expect(lax == .ties)
  }

  @Test func llamaCppGoesByArchitecture() {
    #expect(outcome(.llamaCpp, "GemmaForCausalLM", true, .both(equal: false)) == .dropsHead)
    #expect(outcome(.llamaCpp, "GemmaForCausalLM", true, .both(equal: true)) == .ties)
    #expect(outcome(.llamaCpp, "CohereForCausalLM", true, .both(equal: true)) == .refuses)
    #expect(outcome(.llamaCpp, "GPTNeoXForCausalLM", true, .embedding) == .refuses)
    #expect(outcome(.llamaCpp, "DeepseekV3ForCausalLM", true, .both(equal: false)) == .dropsHead)
    #expect(outcome(.llamaCpp, "DeepseekV3ForCausalLM", nil, .both(equal: false)) == .keepsBoth)
    #expect(outcome(.llamaCpp, "MambaForCausalLM", nil, .both(equal: true)) == .ties)
    #expect(outcome(.llamaCpp, "MambaForCausalLM", nil, .both(equal: nil)) == .unknown)
    #expect(outcome(.llamaCpp, "CodeShellForCausalLM", nil, .head) == .ties)
    #expect(outcome(.llamaCpp, "NoSuchClass", nil, .embedding) == .unknown)
  }

  @Test func aGGUFFileIsJudgedByItsPolicyAlone() {
    func gguf(_ architecture: String, _ stored: Stored) -> LoaderOutcome {
      outcome(.llamaCpp, nil, nil, stored) {
        $0.format = .gguf
        $0.ggufArchitecture = architecture
      }
    }
    #expect(gguf("llama", .embedding) == .ties)
    #expect(gguf("llama", .both(equal: true)) == .keepsBoth)
    #expect(gguf("gemma2", .both(equal: true)) == .refuses)
    #expect(gguf("gptneox", .embedding) == .refuses)
    #expect(gguf("codeshell", .head) == .ties)
    #expect(gguf("llama", .head) == .refuses)
    #expect(gguf("no-such", .embedding) == .unknown)
    let other = outcome(.vllm, "LlamaForCausalLM", true, .embedding) { $0.format = .gguf }
    #expect(other == .unknown)
  }

  @Test func servingClassesWithRulesOfTheirOwn() {
    #expect(outcome(.vllm, "Gemma2ForCausalLM", false, .both(equal: false)) == .dropsHead)
    #expect(outcome(.sglang, "GPT2LMHeadModel", false, .both(equal: false)) == .dropsHead)
    #expect(outcome(.sglang, "Qwen3MoeForCausalLM", true, .embedding) == .randomHead)
    #expect(outcome(.sglang, "Gemma3ForCausalLM", false, .both(equal: false)) == .randomHead)
    let pickle = outcome(.vllm, "LlamaForCausalLM", true, .both(equal: false)) {
      $0.format = .pytorch
    }
    #expect(pickle == .dropsHead)
    for target in [LoaderTarget.vllm, .sglang, .tensorRTLLM] {
      #expect(outcome(target, "NoSuchClass", true, .embedding) == .unknown)
    }
  }

  @Test func unequalShapesStopTransformers() {
    for target in [LoaderTarget.transformers4, .transformers5] {
      for flag in [true, false] {
        let found = outcome(target, "LlamaForCausalLM", flag, .both(equal: false)) {
          $0.sameShape = false
        }
        #expect(found == .refuses)
      }
    }
  }

  @Test func nestedFlagsMovedBetweenGenerations() {
    func pair(_ name: String, outer: Bool?, inner: Bool?) -> [Bool?] {
      var situation = LoaderSituation(architecture: name)
      (situation.outerFlag, situation.innerFlag) = (outer, inner)
      situation.innerPath = "text_config"
      return TransformersGeneration.allCases.map(situation.effectiveFlag)
    }
    #expect(pair("Qwen2VLForConditionalGeneration", outer: nil, inner: true) == [true, true])
    #expect(pair("Qwen2VLForConditionalGeneration", outer: true, inner: false) == [false, true])
    #expect(pair("LlavaForConditionalGeneration", outer: nil, inner: nil) == [false, false])
    #expect(pair("Mistral3ForConditionalGeneration", outer: nil, inner: false) == [false, true])
    #expect(pair("Gemma3ForConditionalGeneration", outer: nil, inner: nil) == [true, true])
    #expect(pair("PerceptionLMForConditionalGeneration", outer: nil, inner: true) == [true, true])
  }

  @Test func aFlatFileOfANestedClassKeepsItsFlag() {
    var flat = LoaderSituation(architecture: "Qwen2VLForConditionalGeneration")
    flat.outerFlag = true
    #expect(TransformersGeneration.allCases.map(flat.effectiveFlag) == [true, true])
    var llava = LoaderSituation(architecture: "LlavaForConditionalGeneration")
    llava.outerFlag = true
    #expect(TransformersGeneration.allCases.map(llava.effectiveFlag) == [false, true])
  }

  @Test func t5sStoredFalseIsNotUntied() {
    var situation = LoaderSituation(architecture: "T5ForConditionalGeneration")
    situation.outerFlag = false
    #expect(situation.effectiveFlag(.four) == false)
    #expect(situation.effectiveFlag(.five) == true)
    situation.outerFlag = nil
    #expect(situation.effectiveFlag(.four) == true)
  }

  @Test func theAliasOfLFM2Counts() {
    var situation = LoaderSituation(architecture: "Lfm2ForCausalLM")
    situation.aliasFlag = false
    #expect(situation.effectiveFlag(.five) == false)
  }

  @Test func whatIsNotKnownIsUnknown() {
    let remote = LoaderSituation(architecture: "BaichuanForCausalLM")
    #expect(remote.convention == nil && remote.effectiveFlag(.five) == nil)
    #expect(outcome(.transformers5, "BaichuanForCausalLM", true, .embedding) == .unknown)
    let newer = "Glm5NextForConditionalGeneration"
    #expect(outcome(.transformers4, newer, true, .embedding) == .unknown)
    let headless = LoaderSituation(architecture: "BertModel", modelType: "bert")
    #expect(LoaderRules.predict(headless, target: .transformers5).outcome == .unknown)
    let untied = "KimiLinearForCausalLM"
    #expect(outcome(.transformers5, untied, true, .embedding) == .randomHead)
    #expect(outcome(.transformers5, untied, true, .both(equal: true)) == .keepsBoth)
  }

  @Test func targetsAndOutcomesKeepTheirPinnedNames() {
    #expect(
      LoaderTarget.allCases.map(\.rawValue) == [
        "transformers4", "transformers5", "vllm", "sglang", "llama.cpp", "mlx-lm", "tensorrt-llm",
      ])
    #expect(
      LoaderOutcome.allCases.map(\.rawValue) == [
        "ties", "keepsBoth", "dropsHead", "dropsEmbedding", "randomHead", "copiesHead", "refuses",
        "unknown",
      ])
    #expect(LoaderRules.predictAll(LoaderSituation(architecture: nil)).count == 7)
  }
}
