// The generated table against hand-written facts about well-known classes, and against itself.

import Testing

@testable import TieConv

@Suite struct ConventionTableTests {
  @Test func everyLineParsesAndEncodesBackToItself() {
    let lines = TieConventions.table.split(separator: "\n")
    #expect(lines.count == 421)
    #expect(Set(lines.map { $0.prefix { $0 != " " } }).count == 421)
    for line in lines {
      let convention = TieConvention(line: line)
      #expect(convention.map(encode) == String(line))
    }
  }

  @Test func everyArchitectureIsFoundByItsName() {
    for convention in TieConventions.all {
      #expect(TieConventions.convention(architecture: convention.architecture) == convention)
    }
    #expect(TieConventions.convention(architecture: "LlamaForCausal") == nil)
    #expect(TieConventions.convention(architecture: "lamaForCausalLM") == nil)
    #expect(TieConventions.convention(architecture: "") == nil)
    #expect(TieConventions.convention(architecture: "read") == nil)
  }

  /// Class, model type, default in 5, default in 4, rule, head, embedding, head bias.
  struct Known: CustomTestStringConvertible, Sendable {
    let name: String, type: String, five: Bool?, four: Bool?, rule: FlagRule
    let head: String, embedding: String
    let bias: TieConvention.HeadBias
    var testDescription: String { name }

    init(
      _ name: String, _ type: String, _ five: Bool?, _ four: Bool?, _ rule: FlagRule = .read,
      _ head: String = "lm_head.weight", _ embedding: String = "model.embed_tokens.weight",
      bias: TieConvention.HeadBias = .absent
    ) {
      (self.name, self.type, self.five, self.four) = (name, type, five, four)
      (self.rule, self.head, self.embedding, self.bias) = (rule, head, embedding, bias)
    }
  }

  static let known: [Known] = [
    Known("LlamaForCausalLM", "llama", false, false),
    Known("MistralForCausalLM", "mistral", false, false),
    Known("MixtralForCausalLM", "mixtral", false, false),
    Known("Qwen2ForCausalLM", "qwen2", false, false),
    Known("Qwen3ForCausalLM", "qwen3", false, false),
    Known("GemmaForCausalLM", "gemma", true, true),
    Known("Gemma2ForCausalLM", "gemma2", true, true),
    Known("Gemma3ForCausalLM", "gemma3_text", true, true),
    Known("GraniteForCausalLM", "granite", false, false),
    Known("CohereForCausalLM", "cohere", true, true),
    Known("Olmo2ForCausalLM", "olmo2", false, false),
    Known("SmolLM3ForCausalLM", "smollm3", true, true),
    Known("StableLmForCausalLM", "stablelm", false, false),
    Known("Lfm2ForCausalLM", "lfm2", true, true, .aliasTieEmbedding),
    Known("PhiForCausalLM", "phi", false, false, bias: .present),
    Known("GPT2LMHeadModel", "gpt2", true, true, .read, "lm_head.weight", "transformer.wte.weight"),
    Known(
      "GPTNeoXForCausalLM", "gpt_neox", false, false, .read, "lm_head.weight",
      "gpt_neox.embed_in.weight"),
    Known(
      "BloomForCausalLM", "bloom", true, true, .read, "lm_head.weight",
      "transformer.word_embeddings.weight"),
    Known(
      "OPTForCausalLM", "opt", true, true, .read, "lm_head.weight",
      "model.decoder.embed_tokens.weight"),
    Known(
      "BertForMaskedLM", "bert", true, true, .read, "cls.predictions.decoder.weight",
      "bert.embeddings.word_embeddings.weight", bias: .present),
    Known(
      "RobertaForMaskedLM", "roberta", true, true, .read, "lm_head.decoder.weight",
      "roberta.embeddings.word_embeddings.weight", bias: .present),
    Known(
      "WhisperForConditionalGeneration", "whisper", true, true, .read, "proj_out.weight",
      "model.decoder.embed_tokens.weight"),
    Known(
      "T5ForConditionalGeneration", "t5", nil, true, .forcedTrueScale, "lm_head.weight",
      "shared.weight"),
    Known(
      "MT5ForConditionalGeneration", "mt5", true, false, .forcedTrue, "lm_head.weight",
      "shared.weight"),
    Known(
      "LongT5ForConditionalGeneration", "longt5", true, true, .forcedTrueScale, "lm_head.weight",
      "shared.weight"),
    Known(
      "LlavaForConditionalGeneration", "llava", false, true, .innerPromotesOuter,
      "lm_head.weight", "model.language_model.embed_tokens.weight"),
    Known(
      "Qwen2VLForConditionalGeneration", "qwen2_vl", false, true, .innerPromotesOuter,
      "lm_head.weight", "model.language_model.embed_tokens.weight"),
    Known(
      "Gemma3ForConditionalGeneration", "gemma3", true, true, .read, "lm_head.weight",
      "model.language_model.embed_tokens.weight"),
  ]

  @Test(arguments: known)
  func wellKnownClassesAreAsTransformersDeclaresThem(_ known: Known) throws {
    let convention = try #require(TieConventions.convention(architecture: known.name))
    #expect(convention.modelType == known.type)
    #expect(convention.flagDefault == known.five)
    #expect(convention.transformers4FlagDefault == known.four)
    #expect(convention.flagRule == known.rule)
    let tie = try #require(convention.ties.first { $0.kind == .headFromEmbedding })
    #expect(tie.target == known.head && tie.source == known.embedding)
    #expect(convention.headBias == known.bias)
    #expect(!convention.isHeadless && convention.tiesHead)
  }

  @Test func scalesLiveOnTheirSide() throws {
    func scales(_ name: String) throws -> [RoleScale] {
      try #require(TieConventions.convention(architecture: name)).roleScales
    }
    #expect(
      try scales("GemmaForCausalLM") == [
        RoleScale(side: .embedding, form: .sqrtHidden(switch: nil))
      ])
    #expect(
      try scales("Gemma2ForCausalLM").contains(
        RoleScale(side: .head, form: .softCap(field: "final_logit_softcapping"))))
    #expect(
      try scales("GraniteForCausalLM") == [
        RoleScale(side: .embedding, form: .times(field: "embedding_multiplier")),
        RoleScale(side: .head, form: .divided(field: "logits_scaling")),
      ])
    #expect(
      try scales("CohereForCausalLM") == [
        RoleScale(side: .head, form: .times(field: "logit_scale"))
      ])
    #expect(
      try scales("T5ForConditionalGeneration") == [
        RoleScale(side: .head, form: .inverseSqrtHidden(switch: "scale_decoder_outputs"))
      ])
    #expect(
      try scales("MiniCPM3ForCausalLM").last
        == RoleScale(
          side: .head,
          form: .dividedByQuotient(numerator: "hidden_size", denominator: "dim_model_base")))
    #expect(
      try scales("BartForConditionalGeneration").contains(
        RoleScale(side: .head, form: .biasBuffer(name: "final_logits_bias"))))
    #expect(try scales("LlamaForCausalLM").isEmpty)
  }

  @Test func aModelTypeFindsItsGeneratingClass() {
    #expect(TieConventions.convention(modelType: "llama")?.architecture == "LlamaForCausalLM")
    #expect(TieConventions.convention(modelType: "gpt2")?.architecture == "GPT2LMHeadModel")
    #expect(
      TieConventions.convention(modelType: "t5")?.architecture == "T5ForConditionalGeneration")
    #expect(TieConventions.convention(modelType: "no_such_type") == nil)
  }

  @Test func encodersHaveNoHead() throws {
    let exact = try #require(TieConventions.convention(architecture: "T5EncoderModel"))
    #expect(exact.isHeadless)
    let derived = try #require(
      TieConventions.convention(architecture: "BertModel", modelType: "bert"))
    #expect(derived.isHeadless && derived.architecture == "BertModel")
    #expect(TieConventions.convention(architecture: "SomeForCausalLM", modelType: "llama") == nil)
    #expect(!TieConventions.isHeadlessName("GPT2LMHeadModel"))
    #expect(!TieConventions.isHeadlessName("MarianMTModel"))
  }

  @Test func classesThatNeverTieSaySo() throws {
    let kimi = try #require(TieConventions.convention(architecture: "KimiLinearForCausalLM"))
    #expect(!kimi.tiesHead && !kimi.isHeadless)
  }

  @Test func ggufPoliciesAndConversions() {
    #expect(GGUFTiePolicy.all.count == 153)
    #expect(GGUFTiePolicy(architecture: "llama") == .optional)
    #expect(GGUFTiePolicy(architecture: "gemma2") == .alwaysTied)
    #expect(GGUFTiePolicy(architecture: "gptneox") == .outputRequired)
    #expect(GGUFTiePolicy(architecture: "codeshell") == .embeddingFallsBackToOutput)
    #expect(GGUFTiePolicy(architecture: "bert") == .noHead)
    #expect(GGUFTiePolicy(architecture: "lla") == nil)
    #expect(GGUFTiePolicy.readsOutputBias(architecture: "phi2"))
    #expect(!GGUFTiePolicy.readsOutputBias(architecture: "llama"))
    let counts = Dictionary(GGUFTiePolicy.all.map { ($0.policy, 1) }, uniquingKeysWith: +)
    #expect(counts[.optional] == 92 && counts[.alwaysTied] == 9 && counts[.outputRequired] == 40)
    #expect(GGUFConversion(huggingFace: "LlamaForCausalLM")?.architecture == "llama")
    #expect(GGUFConversion(huggingFace: "GemmaForCausalLM")?.headHandling == .drop)
    #expect(GGUFConversion(huggingFace: "DeepseekV3ForCausalLM")?.headHandling == .dropIfFlagged)
    #expect(GGUFConversion(huggingFace: "MambaForCausalLM")?.headHandling == .dropIfEqual)
    #expect(GGUFConversion(huggingFace: "Qwen3NextForCausalLM")?.headHandling == .keep)
    #expect(GGUFConversion(huggingFace: "T5ForConditionalGeneration")?.policy == .optional)
    for line in GGUFTiePolicy.converterTable.split(separator: "\n") {
      let name = String(line.prefix { $0 != " " })
      let conversion = GGUFConversion(huggingFace: name)
      #expect(conversion.map { GGUFTiePolicy(architecture: $0.architecture) != nil } == true)
    }
  }
}

/// The table line of a convention, written independently of the parser.
private func encode(_ convention: TieConvention) -> String {
  func letter(_ flag: Bool?) -> String { flag.map { $0 ? "t" : "f" } ?? "-" }
  func ties(_ ties: [TieConvention.Tie]) -> String {
    let text = ties.map { "\($0.kind.rawValue):\($0.target)<\($0.source)" }.joined(separator: ",")
    return text
  }
  func heads(_ heads: [TieConvention.Head]) -> String {
    let text = heads.map { head in
      switch head.bias {
      case .absent: head.weight
      case .present: head.weight + "!"
      case .field(let name): head.weight + "?" + (name ?? "")
      }
    }.joined(separator: ",")
    return text == "lm_head.weight" ? "std" : text
  }
  func scale(_ scale: RoleScale) -> String {
    let side = scale.side == .embedding ? "e:" : "h:"
    func on(_ field: String?) -> String { field.map { "?" + $0 } ?? "" }
    return switch scale.form {
    case .sqrtHidden(let field): side + "sqrt" + on(field)
    case .inverseSqrtHidden(let field): side + "rsqrt" + on(field)
    case .times(let field): side + "*" + field
    case .divided(let field): side + "/" + field
    case .dividedByQuotient(let top, let bottom): side + "/" + top + ":" + bottom
    case .softCap(let field): "c:" + field
    case .biasBuffer(let name): "b:" + name
    }
  }
  let standardTie = "h:lm_head.weight<model.embed_tokens.weight"
  var fields = [
    convention.architecture, convention.modelType ?? "-",
    letter(convention.flagDefault) + letter(convention.transformers4FlagDefault),
    convention.flagRule.rawValue,
  ]
  if !convention.ties.isEmpty {
    let text = ties(convention.ties)
    fields.append("T=" + (text == standardTie ? "std" : text))
  }
  if let conditional = convention.conditionalTies {
    fields.append("T?\(conditional.field)=" + ties(conditional.ties))
  }
  if !convention.heads.isEmpty { fields.append("H=" + heads(convention.heads)) }
  if !convention.embeddings.isEmpty {
    let text = convention.embeddings.joined(separator: ",")
    fields.append("E=" + (text == "model.embed_tokens.weight" ? "std" : text))
  }
  if !convention.roleScales.isEmpty {
    fields.append("S=" + convention.roleScales.map(scale).joined(separator: ","))
  }
  if !convention.storedSpellings.isEmpty {
    let spellings = convention.storedSpellings.map {
      $0.parameter + "=>" + $0.stored.joined(separator: "|")
    }
    fields.append("D=" + spellings.joined(separator: ","))
  }
  if !convention.textConfigs.isEmpty {
    let nested = convention.textConfigs.map {
      "\($0.path):\(letter($0.flagDefault))\(letter($0.transformers4FlagDefault))"
        + ":\($0.modelType ?? "-")"
    }
    fields.append("C=" + nested.joined(separator: ","))
  }
  return fields.joined(separator: " ")
}
