// The names under which the families' checkpoints store a decoder's weights.

/// Makes the bindings of a configuration.
struct TensorNames {
  let configuration: DecoderConfiguration
  /// What every name but the head's begins with: `model.`, or nothing for a bare base model.
  let prefix: String
  private var made: [TensorBinding] = []

  init(_ configuration: DecoderConfiguration, prefix: String) {
    self.configuration = configuration
    self.prefix = prefix
  }

  /// The prefix that full models of a family have.
  static func standardPrefix(_ family: DecoderFamily) -> String {
    switch family {
    case .gpt2: "transformer."
    case .gptNeoX: "gpt_neox."
    default: "model."
    }
  }

  static func embedding(_ family: DecoderFamily) -> String {
    switch family {
    case .gpt2: "wte.weight"
    case .gptNeoX: "embed_in.weight"
    default: "embed_tokens.weight"
    }
  }

  /// The head's names: GPT-NeoX's has been renamed.
  static let heads = ["lm_head.weight", "embed_out.weight"]

  /// Every tensor but the embedding and the head.
  func bindings() -> [TensorBinding] {
    var names = self
    for layer in configuration.layers.indices {
      switch configuration.family {
      case .gpt2: names.addGPT2(layer)
      case .gptNeoX: names.addGPTNeoX(layer)
      default: names.addLlama(layer)
      }
    }
    switch configuration.family {
    case .gpt2:
      names.add("wpe.weight", .positions)
      names.addNorm("ln_f", .finalNorm, .finalNormBias)
    case .gptNeoX: names.addNorm("final_layer_norm", .finalNorm, .finalNormBias)
    default: names.add("norm.weight", .finalNorm)
    }
    return names.made
  }

  /// Tensors that older checkpoints carry and that are made from the config: masks, frequencies.
  static func isDerived(_ name: String) -> Bool {
    let ends = [
      ".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
      ".attention.masked_bias",
    ]
    return ends.contains { name.hasSuffix($0) }
  }

  // MARK: Families

  private mutating func addLlama(_ layer: Int) {
    let c = configuration
    let at = "layers.\(layer)."
    let attention = at + "self_attn."
    if c.normalizes.attentionInput {
      add(at + "input_layernorm.weight", .attentionNorm, layer)
    }
    let isFourfold = c.normalizes.attentionOutput
    if isFourfold {
      add(at + "post_attention_layernorm.weight", .attentionOutputNorm, layer)
    }
    if c.normalizes.feedForwardInput {
      let name = isFourfold ? "pre_feedforward_layernorm" : "post_attention_layernorm"
      add(at + name + ".weight", .feedForwardNorm, layer)
    }
    if c.normalizes.feedForwardOutput {
      add(at + "post_feedforward_layernorm.weight", .feedForwardOutputNorm, layer)
    }
    addQueryKeyNorms(attention, layer)
    let (queries, keys) = (c.attentionSize, c.keyValueHeadCount * c.headSize)
    if c.family == .phi3 {
      add(attention + "qkv_proj.weight", .queryKeyValue, layer)
      add(at + "mlp.gate_up_proj.weight", .up, layer)
    } else {
      let parts = [
        ("q_proj", 0, queries), ("k_proj", queries, keys), ("v_proj", queries + keys, keys),
      ]
      for (name, start, count) in parts {
        addRows(attention + name, .queryKeyValue, layer, start, count)
        if c.hasBias.queryKeyValue {
          addRows(attention + name, .queryKeyValueBias, layer, start, count)
        }
      }
      for (index, name) in ["mlp.gate_proj", "mlp.up_proj"].enumerated() {
        let start = index * c.intermediateSize
        addRows(at + name, .up, layer, start, c.intermediateSize)
        if c.hasBias.feedForward {
          addRows(at + name, .upBias, layer, start, c.intermediateSize)
        }
      }
    }
    add(attention + "o_proj.weight", .output, layer)
    if c.hasBias.output { add(attention + "o_proj.bias", .outputBias, layer) }
    add(at + "mlp.down_proj.weight", .down, layer)
    if c.hasBias.feedForward { add(at + "mlp.down_proj.bias", .downBias, layer) }
  }

  private mutating func addQueryKeyNorms(_ attention: String, _ layer: Int) {
    let c = configuration
    guard c.queryKeyNorm != .none else { return }
    let counts = [c.headCount, c.keyValueHeadCount]
    for (index, name) in ["q_norm.weight", "k_norm.weight"].enumerated() {
      let role: ParameterKey.Role = index == 0 ? .queryNorm : .keyNorm
      let size = c.extent(of: role).columns
      let shape = c.queryKeyNorm == .perHeadOwnGains ? [counts[index], c.headSize] : [size]
      made.append(
        TensorBinding(
          name: prefix + attention + name, key: ParameterKey(role, layer: layer), shape: shape,
          placement: .rows(from: 0)))
    }
  }

  private mutating func addGPT2(_ layer: Int) {
    let at = "h.\(layer)."
    addNorm(at + "ln_1", .attentionNorm, .attentionNormBias, layer)
    addNorm(at + "ln_2", .feedForwardNorm, .feedForwardNormBias, layer)
    let products: [(String, ParameterKey.Role, ParameterKey.Role)] = [
      ("attn.c_attn", .queryKeyValue, .queryKeyValueBias), ("attn.c_proj", .output, .outputBias),
      ("mlp.c_fc", .up, .upBias), ("mlp.c_proj", .down, .downBias),
    ]
    for (name, role, bias) in products {
      let extent = configuration.extent(of: role)
      made.append(
        TensorBinding(
          name: prefix + at + name + ".weight", key: ParameterKey(role, layer: layer),
          shape: [extent.columns, extent.rows], placement: .transposed))
      add(at + name + ".bias", bias, layer)
    }
  }

  private mutating func addGPTNeoX(_ layer: Int) {
    let c = configuration
    let at = "layers.\(layer)."
    addNorm(at + "input_layernorm", .attentionNorm, .attentionNormBias, layer)
    addNorm(at + "post_attention_layernorm", .feedForwardNorm, .feedForwardNormBias, layer)
    let joint = TensorBinding.Placement.interleaved(heads: c.headCount, headSize: c.headSize)
    add(at + "attention.query_key_value.weight", .queryKeyValue, layer, joint)
    add(at + "attention.dense.weight", .output, layer)
    if c.hasBias.queryKeyValue {
      add(at + "attention.query_key_value.bias", .queryKeyValueBias, layer, joint)
      add(at + "attention.dense.bias", .outputBias, layer)
    }
    for (name, role, bias) in [
      ("mlp.dense_h_to_4h", ParameterKey.Role.up, ParameterKey.Role.upBias),
      ("mlp.dense_4h_to_h", .down, .downBias),
    ] {
      add(at + name + ".weight", role, layer)
      add(at + name + ".bias", bias, layer)
    }
  }

  // MARK: Adding

  private mutating func addNorm(
    _ name: String, _ gain: ParameterKey.Role, _ bias: ParameterKey.Role, _ layer: Int? = nil
  ) {
    add(name + ".weight", gain, layer)
    add(name + ".bias", bias, layer)
  }

  /// A tensor that is the whole parameter.
  private mutating func add(
    _ name: String, _ role: ParameterKey.Role, _ layer: Int? = nil,
    _ placement: TensorBinding.Placement = .rows(from: 0)
  ) {
    let extent = configuration.extent(of: role)
    made.append(
      TensorBinding(
        name: prefix + name, key: ParameterKey(role, layer: layer),
        shape: role.isVector ? [extent.columns] : [extent.rows, extent.columns],
        placement: placement))
  }

  /// A tensor that is some rows of the parameter, or some elements of a bias.
  private mutating func addRows(
    _ name: String, _ role: ParameterKey.Role, _ layer: Int, _ first: Int, _ count: Int
  ) {
    made.append(
      TensorBinding(
        name: prefix + name + (role.isFactor ? ".weight" : ".bias"),
        key: ParameterKey(role, layer: layer),
        shape: role.isFactor ? [count, configuration.extent(of: role).columns] : [count],
        placement: .rows(from: first)))
  }
}
