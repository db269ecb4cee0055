// Small packed models of every method, so that mutation reaches every decoder.

/// Makes folders with a packed embedding and a packed head of the same method, and one plain layer
/// between them.
enum PackedSeeds {
  private struct Member {
    let suffix: String
    let dtype: String
    let shape: [Int]
    let bytes: [UInt8]
  }

  private struct Method {
    /// The extents of the matrix.
    let rows: Int
    let columns: Int
    let members: [Member]
    let settings: String
  }

  /// One folder for each method: the head is equal, or, in a second one, has other codes.
  static var folders: [FolderContents] {
    methods.flatMap { method in [folder(method, isEqual: true), folder(method, isEqual: false)] }
  }

  private static func folder(_ method: Method, isEqual: Bool) -> FolderContents {
    var entries: [String] = []
    var data: [UInt8] = []
    for stem in ["model.embed_tokens", "lm_head"] {
      for (place, member) in method.members.enumerated() {
        var bytes = member.bytes
        if stem == "lm_head", place == 0, !isEqual { bytes[bytes.count / 2] ^= 0x11 }
        entries.append(
          "\"\(stem).\(member.suffix)\":{\"dtype\":\"\(member.dtype)\",\"shape\":\(member.shape),"
            + "\"data_offsets\":[\(data.count),\(data.count + bytes.count)]}")
        data += bytes
      }
    }
    for member in layer(method.columns) {
      entries.append(
        "\"model.\(member.suffix).weight\":{\"dtype\":\"F32\",\"shape\":\(member.shape),"
          + "\"data_offsets\":[\(data.count),\(data.count + member.bytes.count)]}")
      data += member.bytes
    }
    let config =
      "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\","
      + "\"vocab_size\":\(method.rows),\"hidden_size\":\(method.columns),\"head_dim\":2,"
      + "\"intermediate_size\":2,\"num_attention_heads\":1,\"num_hidden_layers\":1,"
      + "\"tie_word_embeddings\":\(isEqual),\"quantization_config\":\(method.settings)}"
    return [
      "model.safetensors": SafetensorsMutator.join(
        Array("{\(entries.joined(separator: ","))}".utf8), data),
      "config.json": Array(config.utf8),
    ]
  }

  /// The smallest layer of a llama, and the norms.
  private static func layer(_ width: Int) -> [Member] {
    let up = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj"]
    let matrices =
      (up + ["mlp.up_proj"]).map { ("layers.0.\($0)", [2, width]) }
      + ["self_attn.o_proj", "mlp.down_proj"].map { ("layers.0.\($0)", [width, 2]) }
    let norms = ["layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"].map {
      ($0, [width])
    }
    return (matrices + norms).map { name, shape in
      Member(suffix: name, dtype: "F32", shape: shape, bytes: halves(shape.reduce(1, *)))
    }
  }

  private static func random(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = RandomSource(seed: seed, stream: 0)
    return (0..<count).map { _ in UInt8(random.below(256)) }
  }

  /// `count` copies of one half as F32.
  private static func halves(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in [0, 0, 0, 0x3F] as [UInt8] }
  }

  private static func integers(_ values: [Int]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }

  private static var methods: [Method] {
    [mlx, packQuantized, floatQuantized, gptq, awq, fourBit, eightBit, blockFP8]
  }

  private static let mlx = Method(
    rows: 6, columns: 64,
    members: [
      Member(suffix: "weight", dtype: "U32", shape: [6, 8], bytes: random(192, 1)),
      Member(suffix: "scales", dtype: "F32", shape: [6, 2], bytes: halves(12)),
      Member(suffix: "biases", dtype: "F32", shape: [6, 2], bytes: halves(12)),
    ], settings: "{\"group_size\":32,\"bits\":4,\"mode\":\"affine\"}")

  private static let packQuantized = Method(
    rows: 40, columns: 32,
    members: [
      Member(suffix: "weight_packed", dtype: "I32", shape: [40, 3], bytes: random(480, 2)),
      Member(suffix: "weight_scale", dtype: "F32", shape: [40, 2], bytes: halves(80)),
      Member(suffix: "weight_zero_point", dtype: "I32", shape: [4, 2], bytes: random(32, 3)),
      Member(
        suffix: "weight_g_idx", dtype: "I32", shape: [32],
        bytes: integers((0..<32).map { $0 % 2 })),
      Member(
        suffix: "weight_shape", dtype: "I64", shape: [2], bytes: integers([40, 0, 32, 0])),
    ],
    settings: "{\"quant_method\":\"compressed-tensors\",\"version\":\"0.20.0\",\"config_groups\":"
      + "{\"a\":{\"weights\":{\"num_bits\":3,\"type\":\"int\",\"strategy\":\"group\"}}}}")

  private static let floatQuantized = Method(
    rows: 10, columns: 12,
    members: [
      Member(suffix: "weight", dtype: "F8_E4M3", shape: [10, 12], bytes: random(120, 4)),
      Member(suffix: "weight_scale", dtype: "F32", shape: [3, 2], bytes: halves(6)),
    ],
    settings: "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"weights\":"
      + "{\"strategy\":\"block\",\"block_structure\":[4,8],\"type\":\"float\"}}}}")

  private static let gptq = Method(
    rows: 32, columns: 64,
    members: [
      Member(suffix: "qweight", dtype: "I32", shape: [8, 32], bytes: random(1024, 5)),
      Member(suffix: "qzeros", dtype: "I32", shape: [2, 4], bytes: random(32, 6)),
      Member(suffix: "scales", dtype: "F32", shape: [2, 32], bytes: halves(64)),
      Member(
        suffix: "g_idx", dtype: "I32", shape: [64], bytes: integers((0..<64).map { $0 % 2 })),
    ],
    settings: "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32,"
      + "\"checkpoint_format\":\"gptq\"}")

  private static let awq = Method(
    rows: 40, columns: 32,
    members: [
      Member(suffix: "qweight", dtype: "I32", shape: [32, 5], bytes: random(640, 7)),
      Member(suffix: "qzeros", dtype: "I32", shape: [2, 5], bytes: random(40, 8)),
      Member(suffix: "scales", dtype: "F32", shape: [2, 40], bytes: halves(80)),
    ], settings: "{\"quant_method\":\"awq\",\"bits\":4,\"version\":\"gemm\"}")

  private static let fourBit: Method = {
    let state =
      "{\"quant_type\":\"fp4\",\"blocksize\":64,\"dtype\":\"float32\",\"shape\":[7,33],"
      + "\"nested_blocksize\":2,\"nested_offset\":0.25}"
    let map = [0, 0.0625, 8, 12, 4, 6, 2, 3, 0, -0.0625, -8, -12, -4, -6, -2, -3] as [Float]
    return Method(
      rows: 7, columns: 33,
      members: [
        Member(suffix: "weight", dtype: "U8", shape: [116, 1], bytes: random(116, 9)),
        Member(suffix: "weight.absmax", dtype: "U8", shape: [4], bytes: random(4, 10)),
        Member(
          suffix: "weight.quant_map", dtype: "F32", shape: [16],
          bytes: integers(map.map { Int(($0 / 12).bitPattern) })),
        Member(suffix: "weight.nested_absmax", dtype: "F32", shape: [2], bytes: halves(2)),
        Member(suffix: "weight.nested_quant_map", dtype: "F32", shape: [256], bytes: halves(256)),
        Member(
          suffix: "weight.quant_state.bitsandbytes__fp4", dtype: "U8",
          shape: [state.utf8.count], bytes: Array(state.utf8)),
      ], settings: "{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true}")
  }()

  private static let eightBit = Method(
    rows: 5, columns: 12,
    members: [
      Member(suffix: "weight", dtype: "I8", shape: [5, 12], bytes: random(60, 11)),
      Member(suffix: "SCB", dtype: "F32", shape: [5], bytes: halves(5)),
      Member(suffix: "weight_format", dtype: "U8", shape: [], bytes: [0]),
    ], settings: "{\"quant_method\":\"bitsandbytes\",\"load_in_8bit\":true}")

  private static let blockFP8 = Method(
    rows: 10, columns: 12,
    members: [
      Member(suffix: "weight", dtype: "F8_E4M3", shape: [10, 12], bytes: random(120, 12)),
      Member(suffix: "weight_scale_inv", dtype: "F32", shape: [3, 2], bytes: halves(6)),
    ], settings: "{\"quant_method\":\"fp8\",\"weight_block_size\":[4,8]}")
}
