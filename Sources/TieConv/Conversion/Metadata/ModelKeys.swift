// config.json as a GGUF file's model keys. Names, types and presence are those that llama.cpp's
// converter writes (conversion/base.py and the family's own file).

internal import TieConvKernels

/// The keys of one model.
struct ModelKeys {
  let fields: ModelFields
  let rope: RopeSettings
  /// Rows of the embedding.
  let vocabularySize: Int
  /// `general.file_type`.
  let fileType: UInt32
  private var entries: [(String, GGUFValue)] = []

  init(_ fields: ModelFields, vocabularySize: Int, fileType: UInt32) throws(CheckpointError) {
    self.fields = fields
    rope = try RopeSettings(fields)
    self.vocabularySize = vocabularySize
    self.fileType = fileType
  }

  private var prefix: String { fields.family.ggufArchitecture }

  /// All keys of the model's own, in order.
  mutating func all() throws(CheckpointError) -> [(String, GGUFValue)] {
    entries = []
    switch fields.family.modelType {
    case "gpt2": try addGPT2()
    case "gpt_neox": try addGPTNeoX()
    case "gemma", "gemma2": try addGemma()
    case "phi3": try addPhi3()
    default: try addCommon()
    }
    entries.append(("general.quantization_version", .uint32(2)))
    return entries
  }

  // MARK: Adding

  private mutating func add(_ key: String, _ value: Int?) {
    guard let value else { return }
    entries.append(("\(prefix).\(key)", .uint32(UInt32(clamping: value))))
  }

  private mutating func add(_ key: String, _ value: Double?) {
    guard let value else { return }
    entries.append(("\(prefix).\(key)", .float32(Float(value))))
  }

  private mutating func addFileType() {
    entries.append(("general.file_type", .uint32(fileType)))
  }

  // MARK: Families

  private mutating func addCommon() throws(CheckpointError) {
    add("block_count", try fields.blocks())
    add("context_length", try fields.required("max_position_embeddings"))
    add("embedding_length", try fields.required("hidden_size"))
    add("feed_forward_length", try fields.required("intermediate_size"))
    add("attention.head_count", try fields.heads())
    add("attention.head_count_kv", try fields.integer("num_key_value_heads"))
    entries += try rope.entries(prefix)
    add("rope.freq_base", rope.theta)
    add("rope.freq_base_swa", rope.localTheta)
    add("attention.layer_norm_rms_epsilon", try fields.double("rms_norm_eps"))
    add("attention.layer_norm_epsilon", try fields.double("norm_epsilon"))
    let width = try fields.integer("head_dim")
    add("attention.key_length", width)
    add("attention.value_length", width)
    addFileType()
    switch prefix {
    case "llama":
      add("vocab_size", vocabularySize)
      add("rope.dimension_count", width)
    case "gemma3":
      if try fields.integer("sliding_window_pattern") != 1 {
        add("attention.sliding_window", try fields.integer("sliding_window"))
      }
      try checkPattern()
      add("final_logit_softcapping", try fields.double("final_logit_softcapping"))
    default: break
    }
  }

  /// llama.cpp takes every sixth layer of gemma 3 to be global, whatever the config says.
  private func checkPattern() throws(CheckpointError) {
    guard let types = fields.stated("layer_types")?.elements?.compactMap(\.string) else { return }
    let isUsual = types.enumerated().allSatisfy { place, type in
      (type == "full_attention") == (place % 6 == 5)
    }
    if isUsual { return }
    throw CheckpointError(
      .unsupportedFormat, file: fields.config.path,
      "layer_types is not what llama.cpp computes for gemma3",
      expected: "every sixth layer with full attention")
  }

  private mutating func addGemma() throws(CheckpointError) {
    let width = try fields.integer("head_dim")
    add("context_length", try fields.required("max_position_embeddings"))
    add("embedding_length", try fields.required("hidden_size"))
    add("block_count", try fields.blocks())
    add("feed_forward_length", try fields.required("intermediate_size"))
    add("attention.head_count", try fields.heads())
    add("attention.head_count_kv", try fields.integer("num_key_value_heads"))
    add("attention.layer_norm_rms_epsilon", try fields.double("rms_norm_eps"))
    add("attention.key_length", width)
    add("attention.value_length", width)
    addFileType()
    guard fields.family.modelType == "gemma2" else { return }
    add("attn_logit_softcapping", try fields.double("attn_logit_softcapping"))
    add("final_logit_softcapping", try fields.double("final_logit_softcapping"))
    add("attention.sliding_window", try fields.integer("sliding_window"))
  }

  private mutating func addGPT2() throws(CheckpointError) {
    let width = try fields.required("n_embd", "hidden_size")
    add("block_count", try fields.blocks())
    add("context_length", try fields.required("n_ctx", "n_positions", "max_position_embeddings"))
    add("embedding_length", width)
    add("feed_forward_length", try fields.integer("n_inner") ?? 4 * width)
    add("attention.head_count", try fields.heads())
    add("attention.layer_norm_epsilon", try fields.double("layer_norm_epsilon"))
    addFileType()
  }

  private mutating func addGPTNeoX() throws(CheckpointError) {
    let width = try fields.required("hidden_size")
    let heads = try fields.heads()
    add("context_length", try fields.required("max_position_embeddings"))
    add("embedding_length", width)
    add("block_count", try fields.blocks())
    add("feed_forward_length", try fields.required("intermediate_size"))
    let share = (rope.partial ?? 0.25) * Double(heads > 0 ? width / heads : 0)
    add("rope.dimension_count", Int(exactly: share.rounded(.towardZero)))
    add("attention.head_count", heads)
    entries.append(
      ("\(prefix).use_parallel_residual", .bool(fields.bool("use_parallel_residual") ?? true)))
    add("attention.layer_norm_epsilon", try fields.double("layer_norm_eps"))
    // The converter leaves the base out, and with it every model that has another.
    if let theta = rope.theta, theta != 10000 { add("rope.freq_base", theta) }
    addFileType()
  }

  private mutating func addPhi3() throws(CheckpointError) {
    let width = try fields.required("hidden_size")
    let heads = try fields.heads()
    let length = try fields.required("max_position_embeddings")
    let original = try originalLength()
    add("context_length", length)
    add("rope.scaling.original_context_length", original)
    add("embedding_length", width)
    add("feed_forward_length", try fields.required("intermediate_size"))
    add("block_count", try fields.blocks())
    add("attention.head_count", heads)
    add("attention.head_count_kv", try fields.integer("num_key_value_heads"))
    add("attention.layer_norm_rms_epsilon", try fields.double("rms_norm_eps"))
    add("rope.dimension_count", try phi3RotaryWidth())
    add("rope.freq_base", rope.theta ?? 10000)
    addFileType()
    add("attention.sliding_window", try fields.integer("sliding_window") ?? 0)
    if try !phi3Factors().isEmpty {
      add("rope.scaling.attn_factor", try attentionFactor(Double(length) / Double(original)))
    }
  }

  private func originalLength() throws(CheckpointError) -> Int {
    if let stated = rope.number("original_max_position_embeddings"),
      let value = Int(exactly: stated), value > 0
    {
      return value
    }
    return max(1, try fields.required("original_max_position_embeddings"))
  }

  private func phi3RotaryWidth() throws(CheckpointError) -> Int {
    let heads = try fields.heads()
    let width = (rope.partial ?? 1) * Double(try fields.required("hidden_size"))
    return heads > 0 ? (Int(exactly: width.rounded(.towardZero)) ?? 0) / heads : 0
  }

  private func attentionFactor(_ scale: Double) throws(CheckpointError) -> Double {
    guard scale > 1 else { return 1 }
    let logarithm = Elementary.log(scale)
    if rope.type == "yarn" { return 0.1 * logarithm + 1 }
    let original = Double(try originalLength())
    return (1 + logarithm / Elementary.log(original)).squareRoot()
  }

  private func phi3Factors() throws(CheckpointError) -> [(String, [Float])] {
    guard let long = rope.numbers("long_factor"), !long.isEmpty else { return [] }
    let width = try phi3RotaryWidth()
    guard let short = rope.numbers("short_factor"), short.count == long.count,
      long.count == width / 2
    else {
      throw CheckpointError(
        .invalidConfig, file: fields.config.path,
        "long_factor and short_factor do not fit the head", found: "\(long.count) numbers",
        expected: "\(width / 2)")
    }
    return [("rope_factors_long.weight", long), ("rope_factors_short.weight", short)]
  }

  /// Tensors that config.json gives and no weight file has.
  func extraTensors() throws(CheckpointError) -> [(name: String, values: [Float])] {
    switch prefix {
    case "llama":
      guard let width = try fields.integer("head_dim"), width <= 65536,
        let factors = rope.llama3Factors(width: width)
      else { return [] }
      return [("rope_freqs.weight", factors)]
    case "phi3": return try phi3Factors().map { (name: $0.0, values: $0.1) }
    default: return []
    }
  }
}
