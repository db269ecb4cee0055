// From config.json to the description of a decoder. Names and defaults are those of the config
// classes of transformers 5.23, since an absent field means its class's default.

public import TieConv

extension DecoderConfiguration {
  /// Reads the config of a checkpoint.
  ///
  /// - Throws: `notAModel` without a config, `unsupportedFormat` for another family or a field
  ///   that would change the arithmetic and is not understood, `invalidConfig` for a field of a
  ///   wrong type or out of range.
  public init(of checkpoint: Checkpoint) throws(CheckpointError) {
    try self.init(of: try TranslatedModel(checkpoint))
  }

  init(of model: TranslatedModel) throws(CheckpointError) {
    guard let config = model.config else {
      throw CheckpointError(.notAModel, file: model.path, "there is no config.json to run by")
    }
    let convention = TieConventions.convention(
      architecture: config.architectures.first, modelType: config.modelType)
    let flag = TieFlag(config: config, convention: convention)
    try self.init(config: config, isTied: flag.effective, isUnpacked: model.isUnpacked)
  }

  // isUnpacked: the weights that the config says are quantized come as plain numbers.
  init(config: ModelConfig, isTied: Bool?, isUnpacked: Bool = false) throws(CheckpointError) {
    guard let type = config.modelType, let family = DecoderFamily(rawValue: type) else {
      throw CheckpointError(
        .unsupportedFormat, file: config.path,
        "this version does not run models of type \(config.modelType ?? "unknown")",
        hint: "it runs \(DecoderFamily.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let isTied else {
      throw CheckpointError(
        .invalidConfig, file: config.path, "nothing says whether the head is the embedding",
        hint: "state tie_word_embeddings")
    }
    if let settings = config.quantization {
      try Self.check(settings, isUnpacked: isUnpacked, file: config.path)
    }
    var reader = ConfigReader(config.root.members ?? [], file: config.path)
    reader.skip("quantization_config", "quantization")
    self = try Self.read(family, &reader, isTied: isTied)
    try reader.refuseUnread()
    try check(file: config.path)
  }

  /// What a family's class fixes or defaults to, before its own fields are read.
  private static func read(
    _ family: DecoderFamily, _ reader: inout ConfigReader, isTied: Bool
  ) throws(CheckpointError) -> Self {
    if family == .gpt2 { return try readGPT2(&reader, isTied: isTied) }
    let heads = try reader.integer("num_attention_heads", default: nil)
    let hidden = try reader.integer("hidden_size", default: nil)
    let defaults = FamilyDefaults(family)
    var made = Self(
      family: family, vocabularySize: try reader.integer("vocab_size", default: nil),
      hiddenSize: hidden,
      intermediateSize: try reader.integer("intermediate_size", default: nil), headCount: heads,
      keyValueHeadCount: heads, headSize: max(1, hidden / heads), layers: [],
      norm: Norm(epsilon: 0), isTied: isTied)
    if family != .gptNeoX {
      made.keyValueHeadCount =
        try reader.integer("num_key_value_heads") ?? defaults.keyValueHeads ?? heads
      made.headSize =
        try reader.integer("head_dim", in: 1...4096) ?? defaults.headSize ?? made.headSize
    }
    let epsilon = try reader.positive(defaults.centers ? "layer_norm_eps" : "rms_norm_eps")
    made.norm = Norm(
      centers: defaults.centers, epsilon: Float(epsilon ?? defaults.epsilon),
      gainOffset: defaults.gainOffset, hasBias: family == .gptNeoX)
    made.activation = try activation(&reader, family, defaults)
    let count = try reader.integer("num_hidden_layers", in: 1...4096)
    guard let count else { throw reader.unsupported("num_hidden_layers", "is not stated") }
    let layer = Layer(
      window: nil, rotation: nil, attentionScale: 1 / Float(made.headSize).squareRoot())
    made.layers = Array(repeating: layer, count: count)
    try made.readBiases(&reader)
    try made.readFamily(&reader)
    try made.readWindows(&reader)
    try made.readRotations(&reader, defaults)
    return made
  }

  private static func activation(
    _ reader: inout ConfigReader, _ family: DecoderFamily, _ defaults: FamilyDefaults
  ) throws(CheckpointError) -> Activation {
    // Gemma's first configs say gelu and mean the tanh form; transformers reads them so too.
    let key = family == .gemma2 || family == .gemma3 ? "hidden_activation" : "hidden_act"
    if family == .gemma { reader.skip("hidden_activation") }
    if key == "hidden_activation" { reader.skip("hidden_act") }
    guard let name = try reader.text(key) else { return defaults.activation }
    if family == .gemma, name == "gelu" { return .geluTanh }
    guard let activation = Activation(name: name) else {
      throw reader.unsupported(key, "is \(name)")
    }
    return activation
  }

  private mutating func readBiases(_ reader: inout ConfigReader) throws(CheckpointError) {
    switch family {
    case .llama, .granite, .smollm3:
      let attention = try reader.flag("attention_bias", default: false)
      hasBias = (attention, attention, try reader.flag("mlp_bias", default: false))
    case .qwen3, .gemma, .gemma2, .gemma3, .olmo2, .cohere:
      let attention = try reader.flag("attention_bias", default: false)
      hasBias = (attention, attention, false)
    case .qwen2: hasBias = (true, false, false)
    case .gptNeoX:
      let attention = try reader.flag("attention_bias", default: true)
      hasBias = (attention, attention, true)
    case .mistral, .phi3, .gpt2: break
    }
  }

  /// The fields that one family alone has.
  private mutating func readFamily(_ reader: inout ConfigReader) throws(CheckpointError) {
    switch family {
    case .gemma, .gemma2, .gemma3: try readGemma(&reader)
    case .qwen3: queryKeyNorm = .perHead
    case .olmo2:
      queryKeyNorm = .whole
      normalizes = (false, true, false, true)
    case .granite:
      embeddingScale = Float(try reader.number("embedding_multiplier") ?? 1)
      residualScale = Float(try reader.number("residual_multiplier") ?? 1)
      logitScale = Float(1 / (try reader.positive("logits_scaling") ?? 1))
      setAttentionScale(try reader.number("attention_multiplier") ?? 1)
    case .cohere:
      logitScale = Float(try reader.number("logit_scale") ?? 0.0625)
      isParallel = true
      normalizes = (true, false, false, false)
      if try reader.flag("use_qk_norm", default: false) { queryKeyNorm = .perHeadOwnGains }
    case .gptNeoX:
      isGated = false
      isParallel = try reader.flag("use_parallel_residual", default: true)
    case .llama, .mistral, .qwen2, .phi3, .gpt2, .smollm3: break
    }
  }

  private mutating func readGemma(_ reader: inout ConfigReader) throws(CheckpointError) {
    embeddingScale = Float(hiddenSize).squareRoot()
    roundsEmbeddingScale = true
    guard family != .gemma else { return }
    normalizes = (true, true, true, true)
    let scalar = try reader.positive("query_pre_attn_scalar") ?? 256
    setAttentionScale(1 / scalar.squareRoot())
    if family == .gemma3 { queryKeyNorm = .perHead }
    // An absent cap is the class's default, a null one is none.
    let isSecond = family == .gemma2
    let attention = try Self.cap(&reader, "attn_logit_softcapping", isSecond ? 50 : nil)
    logitSoftCap = try Self.cap(&reader, "final_logit_softcapping", isSecond ? 30 : nil)
    if family == .gemma3, attention != nil {
      throw reader.unsupported(
        "attn_logit_softcapping", "is set, which Gemma 3 has no place for in its attention")
    }
    attentionSoftCap = attention
  }

  private static func cap(
    _ reader: inout ConfigReader, _ key: String, _ value: Double?
  ) throws(CheckpointError) -> Float? {
    let isStated = reader.states(key)
    return (try reader.positive(key) ?? (isStated ? nil : value)).map { Float($0) }
  }

  mutating func setAttentionScale(_ scale: Double) {
    for layer in layers.indices { layers[layer].attentionScale = Float(scale) }
  }

  /// Holds the sizes against each other.
  private func check(file: String) throws(CheckpointError) {
    func refuse(_ message: String) -> CheckpointError {
      CheckpointError(.invalidConfig, file: file, message)
    }
    guard headCount % keyValueHeadCount == 0 else {
      throw refuse("\(headCount) heads cannot share \(keyValueHeadCount) key-value heads evenly")
    }
    let isWhole = family == .gpt2 || family == .gptNeoX
    guard !isWhole || headCount * headSize == hiddenSize else {
      throw refuse("the hidden size \(hiddenSize) is not a multiple of \(headCount) heads")
    }
    for rotation in rotations {
      guard rotation.dimension > 0, rotation.dimension % 2 == 0, rotation.dimension <= headSize
      else {
        throw refuse(
          "\(rotation.dimension) of a head's \(headSize) components cannot turn in pairs")
      }
    }
  }
}

extension DecoderConfiguration.Activation {
  /// The activation by the name that configs use; nil for another.
  init?(name: String) {
    switch name {
    case "silu", "swish": self = .silu
    case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python_tanh": self = .geluTanh
    case "gelu", "gelu_python": self = .gelu
    case "relu": self = .relu
    default: return nil
    }
  }
}
