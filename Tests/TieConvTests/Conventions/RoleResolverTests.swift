// Which tensors are the embedding and the head, in the spellings that checkpoints really use.

import Testing

@testable import TieConv

@Suite struct RoleResolverTests {
  private func resolve(
    _ architecture: String?, _ names: [String], modelType: String? = nil,
    shapes: [String: [Int]] = [:], conditionHolds: Bool = true
  ) -> RoleResolution {
    let set = Set(names)
    return RoleResolver.resolve(
      convention: TieConventions.convention(architecture: architecture, modelType: modelType),
      names: names, isStored: set.contains, shapeOf: { shapes[$0] ?? [64, 8] },
      conditionHolds: conditionHolds)
  }

  private static let layer = "model.layers.0.mlp.up_proj.weight"

  @Test func llamaIsFoundAsDeclared() throws {
    let both = try #require(
      resolve("LlamaForCausalLM", ["lm_head.weight", "model.embed_tokens.weight", Self.layer]).main)
    #expect(both.members.map(\.name) == ["model.embed_tokens.weight", "lm_head.weight"])
    #expect(both.members.map(\.role) == [.embedding, .head])
    #expect(both.members.allSatisfy(\.stored) && both.isDeclared && both.kind == .vocabulary)
    let tied = try #require(resolve("LlamaForCausalLM", ["model.embed_tokens.weight"]).main)
    #expect(tied.canonicalHead == "lm_head.weight" && tied.stored(.head).isEmpty)
    let reversed = try #require(resolve("LlamaForCausalLM", ["lm_head.weight"]).main)
    #expect(reversed.canonicalEmbedding == "model.embed_tokens.weight")
    #expect(reversed.stored(.embedding).isEmpty && reversed.stored(.head).count == 1)
  }

  @Test func prefixesOfWrappersAndBaseModelsAreSeenThrough() throws {
    let wrapped = try #require(
      resolve("LlamaForCausalLM", ["module.model.embed_tokens.weight"]).main)
    #expect(wrapped.canonicalHead == "module.lm_head.weight")
    let compiled = try #require(
      resolve(
        "GPT2LMHeadModel", ["_orig_mod.transformer.wte.weight", "_orig_mod.lm_head.weight"]
      ).main)
    #expect(compiled.members.filter(\.stored).count == 2)
    let base = try #require(resolve("GPT2LMHeadModel", ["wte.weight", "wpe.weight"]).main)
    #expect(base.canonicalEmbedding == "wte.weight" && base.canonicalHead == "lm_head.weight")
    let encoder = try #require(
      resolve(
        "BertModel",
        [
          "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
          "embeddings.token_type_embeddings.weight", "encoder.layer.0.output.dense.weight",
        ], modelType: "bert"
      ).main)
    #expect(encoder.members.map(\.name) == ["embeddings.word_embeddings.weight"])
    #expect(encoder.canonicalHead == nil)
  }

  @Test(arguments: [
    (
      "LlavaForConditionalGeneration", "language_model.model.embed_tokens.weight",
      "language_model.lm_head.weight"
    ),
    ("LlavaForConditionalGeneration", "model.language_model.embed_tokens.weight", "lm_head.weight"),
    (
      "Mistral3ForConditionalGeneration", "language_model.model.embed_tokens.weight",
      "language_model.lm_head.weight"
    ),
    ("Qwen2VLForConditionalGeneration", "model.embed_tokens.weight", "lm_head.weight"),
    (
      "Qwen2VLForConditionalGeneration", "model.language_model.embed_tokens.weight",
      "lm_head.weight"
    ),
    ("GPTNeoXForCausalLM", "gpt_neox.embed_in.weight", "embed_out.weight"),
    (
      "Qwen2_5OmniThinkerForConditionalGeneration", "thinker.model.embed_tokens.weight",
      "thinker.lm_head.weight"
    ),
  ])
  func renamesAreUndone(_ name: String, _ embedding: String, _ head: String) throws {
    let layer = embedding.replacing("embed_tokens", with: "layers.0.mlp.up_proj")
      .replacing("embed_in", with: "layers.0.mlp.dense_h_to_4h")
    let vision = "vision_tower.vision_model.embeddings.position_embedding.weight"
    let both = try #require(resolve(name, [vision, layer, embedding, head]).main)
    #expect(both.members.map(\.name) == [embedding, head] && both.members.allSatisfy(\.stored))
    let tied = try #require(resolve(name, [vision, layer, embedding]).main)
    #expect(tied.canonicalHead == head)
    let reversed = try #require(resolve(name, [vision, layer, head]).main)
    #expect(reversed.stored(.embedding).isEmpty)
    if head != "lm_head.weight" { #expect(reversed.canonicalEmbedding == embedding) }
  }

  @Test func t5HasFourNames() throws {
    let names = [
      "shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight",
      "lm_head.weight",
    ]
    let group = try #require(resolve("T5ForConditionalGeneration", names).main)
    #expect(group.members.count == 4 && group.members[0].name == "shared.weight")
    #expect(group.canonicalEmbedding == "shared.weight" && group.canonicalHead == "lm_head.weight")
    let alone = try #require(resolve("T5ForConditionalGeneration", ["shared.weight"]).main)
    #expect(alone.members.count { $0.stored } == 1 && alone.members.count == 4)
  }

  @Test func bertsBiasIsItsOwnGroup() throws {
    let found = resolve(
      "BertForMaskedLM",
      [
        "bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight",
        "cls.predictions.decoder.bias", "cls.predictions.bias",
      ])
    #expect(found.groups.map(\.kind) == [.vocabulary, .bias])
    #expect(
      found.groups[1].members.map(\.name) == [
        "cls.predictions.bias", "cls.predictions.decoder.bias",
      ])
    #expect(!found.groups[1].isMain && found.groups[0].isMain)
  }

  @Test func predictionLayersAreGroupsOfTheirOwn() {
    let found = resolve(
      "DeepseekV3ForCausalLM",
      [
        "model.embed_tokens.weight", "lm_head.weight", "model.layers.61.embed_tokens.weight",
        "model.layers.61.shared_head.head.weight", "model.layers.61.mlp.up_proj.weight",
      ])
    #expect(found.groups.map(\.kind) == [.vocabulary, .multiTokenPrediction])
    #expect(found.main?.members.count == 2)
    #expect(found.groups[1].members.map(\.role) == [.embedding, .head])
    #expect(!found.groups[1].isMain)
  }

  @Test func conditionalTiesFollowTheirField() throws {
    let names = [
      "model.shared.weight", "model.encoder.embed_tokens.weight",
      "model.decoder.embed_tokens.weight",
    ]
    #expect(try #require(resolve("MarianMTModel", names).main).members.count == 4)
    let apart = try #require(resolve("MarianMTModel", names, conditionHolds: false).main)
    #expect(apart.members.map(\.name) == ["model.decoder.embed_tokens.weight", "lm_head.weight"])
  }

  @Test func aPairThatIsNeverTiedIsStillAPair() throws {
    let group = try #require(
      resolve("KimiLinearForCausalLM", ["model.embed_tokens.weight", "lm_head.weight"]).main)
    #expect(group.members.count == 2 && !group.isDeclared)
  }

  @Test func quantizedSidesKeepTheirFamily() throws {
    let group = try #require(
      resolve(
        "LlamaForCausalLM",
        [
          "model.embed_tokens.weight", "model.embed_tokens.scales", "model.embed_tokens.biases",
          "lm_head.qweight", "lm_head.scales", "lm_head.qzeros", "lm_head.bias",
        ]
      ).main)
    #expect(group.members[0].family?.format == .mlx)
    #expect(group.members[1].name == "lm_head.qweight" && group.members[1].stored)
    #expect(group.members[1].family?.bias == "lm_head.bias")
    let stray = try #require(
      resolve("LlamaForCausalLM", ["model.embed_tokens.weight", "lm_head.scales"]).main)
    #expect(!stray.members[1].stored && stray.members[1].family?.isLeftover == true)
  }

  @Test(arguments: [
    ("transformer.embedding.word_embeddings.weight", "transformer.output_layer.weight"),
    ("tok_embeddings.weight", "output.weight"),
    ("token_embd.weight", "output.weight"),
    ("gpt_neox.embed_in.weight", "embed_out.weight"),
    ("backbone.embeddings.weight", "lm_head.weight"),
    ("llm.model.embed_tokens.weight", "llm.lm_head.weight"),
  ])
  func unknownArchitecturesGoByComponentAndShape(_ embedding: String, _ head: String) throws {
    let names = [
      embedding, head, "model.layers.0.self_attn.output.weight", "visual.embed_tokens.weight",
      "model.position_embeddings.weight", "encoder.layer.0.attention.output.dense.weight",
    ]
    let group = try #require(resolve("NoSuchClass", names).main)
    #expect(group.members.map(\.name) == [embedding, head] && !group.isDeclared)
  }

  @Test func ambiguityGivesNothingAndSaysWhy() {
    let found = resolve(nil, ["a.embed_tokens.weight", "b.embed_tokens.weight"])
    #expect(found.main == nil)
    #expect(found.problem?.contains("a.embed_tokens.weight") == true)
    let none = resolve(nil, ["model.norm.weight", "model.my_lm_head.weight"])
    #expect(none.groups.isEmpty && none.problem != nil)
    #expect(resolve(nil, []).problem != nil)
  }

  @Test func shapesDecideBetweenCandidates() throws {
    let names = ["a.embed_tokens.weight", "b.embed_tokens.weight", "b.lm_head.weight"]
    let group = try #require(
      resolve(
        nil, names,
        shapes: [
          "a.embed_tokens.weight": [64, 16], "b.embed_tokens.weight": [64, 8],
          "b.lm_head.weight": [66, 8],
        ]
      ).main)
    #expect(group.members.map(\.name) == ["b.embed_tokens.weight", "b.lm_head.weight"])
    let vector = resolve(nil, ["lm_head.weight"], shapes: ["lm_head.weight": [8]])
    #expect(vector.main == nil)
  }

  @Test func aSideUnderAnUnforeseenNameIsAdoptedOnlyWhenUnique() throws {
    let found = try #require(
      resolve("LlamaForCausalLM", ["model.embed_tokens.weight", "decoder_model.lm_head.weight"])
        .main)
    #expect(found.stored(.head).map(\.name) == ["decoder_model.lm_head.weight"])
    let two = try #require(
      resolve(
        "LlamaForCausalLM",
        ["model.embed_tokens.weight", "x.lm_head.weight", "y.lm_head.weight"]
      ).main)
    #expect(two.stored(.head).isEmpty && two.canonicalHead == "lm_head.weight")
  }

  @Test func everyConventionResolvesItsOwnNames() throws {
    for convention in TieConventions.all {
      guard let tie = convention.ties.first(where: { $0.kind == .headFromEmbedding }),
        !tie.isPattern
      else { continue }
      let set: Set = [tie.target, tie.source]
      let found = RoleResolver.resolve(
        convention: convention, names: set.sorted(), isStored: set.contains,
        shapeOf: { _ in [64, 8] }, conditionHolds: false)
      let main = try #require(found.main, "\(convention.architecture)")
      #expect(main.stored(.head).contains { $0.name == tie.target }, "\(convention.architecture)")
      #expect(
        main.stored(.embedding).contains { $0.name == tie.source }, "\(convention.architecture)")
    }
  }

  @Test func hostileNamesDoNoHarm() {
    let names = [
      "", ".", "..", ".weight", "lm_head.", "\u{0}.weight", String(repeating: ".", count: 5000),
      "lm_head.weight.", "weight.", ".lm_head.weight",
      String(repeating: "a", count: 100_000) + ".weight",
    ]
    _ = resolve(nil, names)
    _ = resolve("T5ForConditionalGeneration", names)
    for name in names { _ = TensorFamily.part(of: name) }
  }

  @Test func aHundredThousandNamesAreReadOnce() throws {
    var names: [String] = []
    for layer in 0..<100 {
      for expert in 0..<333 {
        for part in ["gate_proj", "up_proj", "down_proj"] {
          names.append("model.layers.\(layer).mlp.experts.\(expert).\(part).weight")
        }
      }
    }
    names += ["model.embed_tokens.weight", "lm_head.weight"]
    let set = Set(names)
    let clock = ContinuousClock()
    var main: ResolvedGroup?
    let convention = TieConventions.convention(architecture: "DeepseekV3ForCausalLM")
    let time = clock.measure {
      main =
        RoleResolver.resolve(
          convention: convention, names: names, isStored: set.contains, shapeOf: { _ in nil }
        ).main
    }
    let hashing = clock.measure { _ = Set(names) }
    #expect(main?.members.count == 2)
    // 0.5 × in an optimized build and 1.5 × in a debug one; once per architecture: 400 ×.
    #expect(time < hashing * 12)
  }
}
