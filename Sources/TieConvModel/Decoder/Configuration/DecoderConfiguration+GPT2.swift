// GPT-2's config, which has names of its own.

internal import TieConv

extension DecoderConfiguration {
  static func readGPT2(
    _ reader: inout ConfigReader, isTied: Bool
  ) throws(CheckpointError) -> Self {
    let hidden = try either(&reader, "n_embd", "hidden_size", 768)
    let heads = try either(&reader, "n_head", "num_attention_heads", 12)
    let count = try either(&reader, "n_layer", "num_hidden_layers", 12)
    guard count <= 4096 else { throw reader.unsupported("n_layer", "is \(count)") }
    let headSize = max(1, hidden / heads)
    var made = Self(
      family: .gpt2, vocabularySize: try reader.integer("vocab_size", default: 50257),
      hiddenSize: hidden, intermediateSize: try reader.integer("n_inner") ?? 4 * hidden,
      headCount: heads, keyValueHeadCount: heads, headSize: headSize, layers: [],
      norm: Norm(
        centers: true, epsilon: Float(try reader.positive("layer_norm_epsilon") ?? 1e-5),
        hasBias: true),
      isTied: isTied)
    made.learnedPositions = try either(&reader, "n_positions", "max_position_embeddings", 1024)
    reader.skip("n_ctx")
    made.isGated = false
    made.hasBias = (true, true, true)
    let name = try reader.text("activation_function") ?? "gelu_new"
    guard let activation = Activation(name: name) else {
      throw reader.unsupported("activation_function", "is \(name)")
    }
    made.activation = activation
    let scales = try reader.flag("scale_attn_weights", default: true)
    let byLayer = try reader.flag("scale_attn_by_inverse_layer_idx", default: false)
    made.layers = (0..<count).map { index in
      let scale = scales ? 1 / Float(headSize).squareRoot() : 1
      return Layer(
        window: nil, rotation: nil, attentionScale: byLayer ? scale / Float(index + 1) : scale)
    }
    return made
  }

  /// A field that goes by two names.
  private static func either(
    _ reader: inout ConfigReader, _ key: String, _ other: String, _ value: Int
  ) throws(CheckpointError) -> Int {
    let first = try reader.integer(key)
    let second = try reader.integer(other)
    if let first, let second, first != second {
      throw reader.unsupported(other, "is \(second), but \(key) is \(first)")
    }
    return first ?? second ?? value
  }
}
