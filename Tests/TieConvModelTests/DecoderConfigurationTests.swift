// What a config means, and what is refused by name.

internal import Testing

@testable internal import TieConv
@testable internal import TieConvModel

struct DecoderConfigurationTests {
  /// A small llama, with fields replaced or added.
  private func read(
    _ type: String = "llama", _ fields: String = ""
  ) throws(CheckpointError) -> DecoderConfiguration {
    let text = """
      {"model_type": "\(type)", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 64,
       "num_attention_heads": 4, "num_hidden_layers": 2\(fields)}
      """
    let config = try ModelConfig(path: "config.json", text: Array(text.utf8))
    return try DecoderConfiguration(config: config, isTied: false)
  }

  @Test(
    "A field that could change the arithmetic and is not understood is refused by name",
    arguments: [
      ("llama", "clip_qkv", "8.0"), ("llama", "sliding_window", "16"),
      ("llama", "rope_interleaved", "true"), ("mistral", "attention_bias", "true"),
      ("qwen2", "logit_scale", "0.5"), ("gemma3_text", "attn_logit_softcapping", "50.0"),
      ("gemma", "use_bidirectional_attention", "true"), ("llama", "is_encoder_decoder", "true"),
      ("llama", "partial_rotary_factor", "0.5"), ("llama", "hidden_act", "\"xielu\""),
      ("llama", "num_experts", "4"), ("phi3", "mlp_bias", "true"),
    ])
  func refusal(type: String, field: String, value: String) {
    let error = #expect(throws: CheckpointError.self) {
      _ = try read(type, ", \"\(field)\": \(value)")
    }
    #expect(error?.message.contains(field) == true)
  }

  @Test("Fields that change nothing, and nulls, are passed over")
  func inert() throws {
    let more = """
      , "dtype": "bfloat16", "attention_dropout": 0.1, "use_cache": true, "some_new_field": null,
      "bos_token_id": 1, "is_encoder_decoder": false
      """
    #expect(try read("llama", more) == read())
  }

  @Test("A rotary scaling of an unknown type is refused, one of a known type needs its fields")
  func scaling() {
    for node in ["{\"rope_type\": \"new\"}", "{\"rope_type\": \"linear\"}"] {
      #expect(throws: CheckpointError.self) { _ = try read("llama", ", \"rope_scaling\": \(node)") }
    }
  }

  @Test("Old and new spelling of a rotary scaling mean the same")
  func spelling() throws {
    let old = ", \"rope_theta\": 500.0, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.0}"
    let new =
      ", \"rope_parameters\": {\"rope_type\": \"linear\", \"factor\": 2.0, \"rope_theta\": 500.0}"
    #expect(try read("llama", old).rotations == read("llama", new).rotations)
  }

  @Test("An absent soft cap is Gemma 2's default, a null one is none")
  func softCap() throws {
    #expect(try read("gemma2").logitSoftCap == 30)
    #expect(try read("gemma2", ", \"final_logit_softcapping\": null").logitSoftCap == nil)
  }

  @Test("Sizes that contradict each other, and other types of model, are refused")
  func sizes() {
    #expect(throws: CheckpointError.self) {
      _ = try read("llama", ", \"num_key_value_heads\": 3")
    }
    #expect(throws: CheckpointError.self) { _ = try read("llama", ", \"head_dim\": 0") }
    #expect(throws: CheckpointError.self) { _ = try read("bert") }
  }

  @Test("Two configurations are told apart by name")
  func differences() throws {
    let capped = try read("gemma2")
    let plain = try read("gemma2", ", \"final_logit_softcapping\": null")
    #expect(capped.differences(from: plain) == ["logit soft cap (30.0 and none)"])
  }
}
