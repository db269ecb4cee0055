// config.json and generation_config.json out of a GGUF file's metadata, spelled so that both
// transformers 4 and 5 read them.

/// Writes a config for transformers.
struct ConfigWriter {
  let metadata: GGUFMetadata
  let family: ModelFamily
  let tokenizer: GGUFTokenizer
  let path: String
  /// Whether the file has no head of its own.
  let isTied: Bool
  /// The type that most matrices have in the output.
  let dtype: DType
  /// Rows of the embedding.
  let vocabularySize: Int
  /// Modules that have a bias, by GGUF's names without the block: `attn_q`, `ffn_up`…
  let biases: Set<String>
  /// The numbers of rope_freqs.weight, where it is stored.
  let ropeFactors: [Float]?

  // MARK: Reading

  private func integer(_ key: String) -> Int? {
    metadata[architecture: key]?.integer.flatMap { $0 >= 0 ? $0 : nil }
  }

  /// A number as its shortest spelling in F32 says it: 1e-06, not 9.99999997e-07.
  private func number(_ key: String) -> Double? {
    guard let value = metadata[architecture: key]?.double, value.isFinite else { return nil }
    return Double("\(Float(value))")
  }

  private func required(_ key: String) throws(CheckpointError) -> JSONText {
    guard let value = integer(key) else {
      throw CheckpointError(
        .invalidMetadata, file: path,
        "\(metadata.architecture ?? "").\(key) is missing or no natural number")
    }
    return .integer(value)
  }

  // MARK: config.json

  /// The text of config.json.
  func config() throws(CheckpointError) -> [UInt8] {
    var members = common
    switch family.modelType {
    case "gpt2": members += try gpt2()
    case "gemma3_text": members += try decoder() + gemma3()
    default: members += try decoder()
    }
    let sorted = members.sorted { $0.0.utf8Precedes($1.0) }
    return Array(JSONText.object(sorted).pretty.utf8)
  }

  /// Mistral's models go by llama's name; only what they call themselves tells them.
  private var isMistral: Bool {
    family.modelType == "llama"
      && (metadata["general.name"]?.text ?? "").lowercased().contains("mistral")
  }

  private var common: [(String, JSONText)] {
    let architecture = isMistral ? "MistralForCausalLM" : family.architectures[0]
    var members: [(String, JSONText)] = [
      ("architectures", [.string(architecture)]),
      ("model_type", .string(isMistral ? "mistral" : family.modelType)),
      ("tie_word_embeddings", .bool(isTied)), ("torch_dtype", .string(dtype.torchName)),
      ("vocab_size", .integer(vocabularySize)), ("use_cache", true),
    ]
    for kind in ["bos", "eos", "pad"] {
      if let id = tokenizer.id(kind) { members.append(("\(kind)_token_id", .integer(id))) }
    }
    return members
  }

  private func decoder() throws(CheckpointError) -> [(String, JSONText)] {
    let heads = try required("attention.head_count")
    var members: [(String, JSONText)] = [
      ("hidden_act", "silu"), ("hidden_size", try required("embedding_length")),
      ("intermediate_size", try required("feed_forward_length")),
      ("max_position_embeddings", try required("context_length")),
      ("num_attention_heads", heads), ("num_hidden_layers", try required("block_count")),
      (
        "num_key_value_heads",
        integer("attention.head_count_kv").map { .integer($0) } ?? heads
      ),
      (
        "rms_norm_eps",
        .optional(number("attention.layer_norm_rms_epsilon") ?? 1e-6)
      ),
      ("rope_theta", .double(number("rope.freq_base") ?? 10000)),
    ]
    if let width = integer("attention.key_length") ?? integer("rope.dimension_count"),
      family.modelType != "qwen2"
    {
      members.append(("head_dim", .integer(width)))
    }
    members += try scaling()
    switch family.modelType {
    case "llama":
      if isMistral {
        members.append(("sliding_window", nil))
      } else {
        members.append(("attention_bias", .bool(biases.contains("attn_output"))))
        members.append(("mlp_bias", .bool(biases.contains("ffn_up"))))
      }
    case "qwen2": members.append(("use_sliding_window", false))
    case "qwen3":
      members.append(("attention_bias", .bool(biases.contains("attn_q"))))
      members.append(("use_sliding_window", false))
    default: break
    }
    return members
  }

  private func gemma3() throws(CheckpointError) -> [(String, JSONText)] {
    let layers = integer("block_count") ?? 0
    let width = integer("attention.key_length") ?? 256
    let heads = max(1, integer("attention.head_count") ?? 1)
    // 27B, told by its depth, scales attention by the width of the model over its heads, as
    // llama.cpp knows too.
    let scale = layers == 62 ? (integer("embedding_length") ?? 0) / heads : width
    let types = (0..<min(layers, 4096)).map {
      JSONText.string($0 % 6 == 5 ? "full_attention" : "sliding_attention")
    }
    return [
      ("attention_bias", false), ("attn_logit_softcapping", nil),
      ("final_logit_softcapping", .optional(number("final_logit_softcapping"))),
      ("hidden_activation", "gelu_pytorch_tanh"), ("layer_types", .array(types)),
      ("query_pre_attn_scalar", .integer(scale)),
      ("rope_local_base_freq", .double(number("rope.freq_base_swa") ?? 10000)),
      ("sliding_window", .integer(integer("attention.sliding_window") ?? 4096)),
      ("sliding_window_pattern", 6),
    ]
  }

  private func gpt2() throws(CheckpointError) -> [(String, JSONText)] {
    let width = try required("embedding_length")
    let length = try required("context_length")
    return [
      ("activation_function", "gelu_new"), ("n_ctx", length), ("n_positions", length),
      ("n_embd", width), ("n_head", try required("attention.head_count")),
      ("n_layer", try required("block_count")),
      ("n_inner", try required("feed_forward_length")),
      ("layer_norm_epsilon", .double(number("attention.layer_norm_epsilon") ?? 1e-5)),
      ("scale_attn_weights", true),
    ]
  }

  // MARK: Rope scaling

  private func scaling() throws(CheckpointError) -> [(String, JSONText)] {
    if let ropeFactors { return [("rope_scaling", try llama3(ropeFactors))] }
    guard let type = metadata[architecture: "rope.scaling.type"]?.text, type != "none" else {
      return []
    }
    guard type == "linear" || type == "yarn" else {
      throw CheckpointError(
        .unsupportedFormat, file: path, "this rope scaling is not written out", found: type,
        expected: "linear or yarn")
    }
    var members: [(String, JSONText)] = [
      ("rope_type", .string(type)), ("type", .string(type)),
      ("factor", .double(number("rope.scaling.factor") ?? 1)),
    ]
    if type == "yarn" {
      if let length = integer("rope.scaling.original_context_length") {
        members.append(("original_max_position_embeddings", .integer(length)))
      }
      for (key, name) in [
        ("yarn_attn_factor", "attention_factor"), ("yarn_beta_fast", "beta_fast"),
        ("yarn_beta_slow", "beta_slow"),
      ] {
        if let value = number("rope.scaling.\(key)") { members.append((name, .double(value))) }
      }
    }
    return [("rope_scaling", .object(members))]
  }

  /// The settings that give these factors: what slows the lowest frequencies is the factor, and the
  /// rest is what every release of llama 3 has.
  private func llama3(_ factors: [Float]) throws(CheckpointError) -> JSONText {
    let factor = factors.max() ?? 1
    let theta = Float(number("rope.freq_base") ?? 10000)
    let again = RopeSettings.llama3Factors(
      width: factors.count * 2, theta: theta, factor: factor, low: 1, high: 4, length: 8192)
    // Powers in F32 differ in the last places from library to library.
    let isSame = zip(factors, again).allSatisfy { abs($0 - $1) <= 1e-3 * max(1, abs($0)) }
    guard isSame else {
      throw CheckpointError(
        .unsupportedFormat, file: path, tensor: "rope_freqs.weight",
        "these rope factors are not llama 3's: no config says them")
    }
    return [
      "rope_type": "llama3", "factor": .double(Double(factor)), "low_freq_factor": .double(1),
      "high_freq_factor": .double(4), "original_max_position_embeddings": 8192,
    ]
  }

  // MARK: generation_config.json

  /// The text of generation_config.json.
  var generation: [UInt8] {
    var members: [(String, JSONText)] = []
    for kind in ["bos", "eos", "pad"] {
      if let id = tokenizer.id(kind) { members.append(("\(kind)_token_id", .integer(id))) }
    }
    if let value = metadata["general.sampling.top_k"]?.integer {
      members.append(("top_k", .integer(value)))
    }
    for (key, name) in [
      ("top_p", "top_p"), ("min_p", "min_p"), ("temp", "temperature"),
      ("penalty_repeat", "repetition_penalty"),
    ] {
      if let value = metadata["general.sampling.\(key)"]?.double,
        let shown = Double("\(Float(value))")
      {
        members.append((name, .double(shown)))
      }
    }
    let sorted = members.sorted { $0.0.utf8Precedes($1.0) }
    return Array(JSONText.object(sorted).pretty.utf8)
  }
}
