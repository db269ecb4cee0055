// A quantized weight moves whole; a bias is no part of it; leftovers are seen.

import Testing

@testable import TieConv

@Suite struct TensorFamilyTests {
  private func family(_ stem: String, _ stored: Set<String>) -> TensorFamily? {
    TensorFamily(stem: stem, isStored: stored.contains)
  }

  @Test(arguments: [
    (["weight"], TensorFamily.Format.plain),
    (
      ["weight_packed", "weight_scale", "weight_shape", "weight_zero_point", "weight_g_idx"],
      .compressedTensors
    ),
    (["weight", "weight_scale", "input_scale"], .compressedTensors),
    (["weight_packed", "weight_scale", "weight_global_scale"], .compressedTensors),
    (["qweight", "qzeros", "scales", "g_idx"], .gptqOrAWQ),
    (["qweight", "scales"], .gptqOrAWQ),
    (["weight", "scales", "biases"], .mlx),
    (["weight", "scales"], .mlx),
    (
      [
        "weight", "weight.absmax", "weight.quant_map", "weight.nested_absmax",
        "weight.nested_quant_map", "weight.quant_state.bitsandbytes__nf4",
      ], .bitsAndBytes
    ),
    (["weight", "SCB", "weight_format"], .bitsAndBytes),
    (["weight", "weight_scale_inv"], .fp8Block),
  ])
  func everyFormatIsOneFamily(_ members: [String], _ format: TensorFamily.Format) throws {
    let names = Set(members.map { "lm_head." + $0 } + ["lm_head.bias", "lm_headx.weight"])
    let found = try #require(family("lm_head", names))
    #expect(found.format == format)
    #expect(Set(found.members) == names.subtracting(["lm_head.bias", "lm_headx.weight"]))
    #expect(found.main == "lm_head." + members[0])
    #expect(found.bias == "lm_head.bias")
    #expect(!found.isLeftover)
    for member in found.members {
      #expect(TensorFamily.part(of: member)?.stem == "lm_head")
    }
  }

  @Test func companionsWithoutTheirWeightAreLeftovers() throws {
    for left in ["scales", "biases", "weight_scale", "weight.absmax", "g_idx"] {
      let found = try #require(family("lm_head", ["lm_head." + left]))
      #expect(found.isLeftover && found.main == nil && found.companions == ["lm_head." + left])
    }
  }

  @Test func aBiasAloneIsNoMatrix() throws {
    let found = try #require(family("lm_head", ["lm_head.bias"]))
    #expect(found.main == nil && !found.isLeftover && found.members.isEmpty)
    #expect(family("lm_head", ["other.weight"]) == nil)
  }

  @Test func partsAreToldByWholeComponents() {
    #expect(TensorFamily.part(of: "m.weight")?.part == .values)
    #expect(TensorFamily.part(of: "m.biases")?.part == .companion)
    #expect(TensorFamily.part(of: "m.bias")?.part == .bias)
    #expect(TensorFamily.part(of: "m.weight.quant_map")?.stem == "m")
    #expect(TensorFamily.part(of: "m.my_weight") == nil)
    #expect(TensorFamily.part(of: "weight") == nil)
  }
}
