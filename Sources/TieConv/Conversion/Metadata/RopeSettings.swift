// Rotary position settings, in whichever of the two spellings a config has them.

internal import TieConvKernels

/// How positions are turned into angles.
struct RopeSettings: Sendable {
  /// `default`, `linear`, `yarn`, `llama3`, `longrope`…; nil where nothing is said.
  var type: String?
  var theta: Double?
  /// The base of layers with a sliding window, where it is another.
  var localTheta: Double?
  /// The share of a head's width that turns.
  var partial: Double?
  private let node: JSONNode?
  private let path: String

  /// Reads `rope_parameters` of transformers 5, or `rope_scaling` and `rope_theta` of 4.
  init(_ fields: ModelFields) throws(CheckpointError) {
    path = fields.config.path
    let whole = fields.stated("rope_parameters") ?? fields.stated("rope_scaling")
    let inner = whole?["full_attention"] ?? whole
    node = inner
    type = (inner?["rope_type"] ?? inner?["type"])?.string
    theta = inner?["rope_theta"]?.double
    if theta == nil { theta = try fields.double("rope_theta") }
    if theta == nil { theta = try fields.double("rotary_emb_base") }
    localTheta = whole?["sliding_attention"]?["rope_theta"]?.double
    if localTheta == nil, whole?["sliding_attention"] == nil {
      localTheta = try fields.double("rope_local_base_freq")
    }
    partial = inner?["partial_rotary_factor"]?.double
    if partial == nil { partial = try fields.double("partial_rotary_factor") }
    if partial == nil { partial = try fields.double("rotary_pct") }
  }

  /// A number of the scaling.
  func number(_ key: String) -> Double? {
    node?[key]?.double.flatMap { $0.isFinite ? $0 : nil }
  }

  /// A list of numbers of the scaling.
  func numbers(_ key: String) -> [Float]? {
    guard let elements = node?[key]?.elements, elements.count <= 65536 else { return nil }
    let values = elements.compactMap { $0.double.map { Float($0) } }
    return values.count == elements.count ? values : nil
  }

  /// The scaling's metadata keys.
  ///
  /// - Throws: `unsupportedFormat` where llama.cpp has no such scaling: the model would run, and
  ///   run wrong.
  func entries(_ prefix: String) throws(CheckpointError) -> [(String, GGUFValue)] {
    var entries: [(String, GGUFValue)] = []
    func add(_ key: String, _ source: String) {
      if let value = number(source) {
        entries.append(("\(prefix).rope.scaling.\(key)", .float32(Float(value))))
      }
    }
    switch type?.lowercased() {
    case nil, "default", "llama3": break
    case "linear":
      entries.append(("\(prefix).rope.scaling.type", .string("linear")))
      add("factor", "factor")
    case "yarn":
      entries.append(("\(prefix).rope.scaling.type", .string("yarn")))
      add("factor", "factor")
      if let length = number("original_max_position_embeddings"),
        let value = UInt32(exactly: length)
      {
        entries.append(("\(prefix).rope.scaling.original_context_length", .uint32(value)))
      }
      add("yarn_ext_factor", "extrapolation_factor")
      add(
        "yarn_attn_factor", number("attention_factor") == nil ? "attn_factor" : "attention_factor")
      add("yarn_beta_fast", "beta_fast")
      add("yarn_beta_slow", "beta_slow")
    case let other:
      throw CheckpointError(
        .unsupportedFormat, file: path, "rope scaling has no place in GGUF for this model",
        found: other, expected: "default, linear, yarn or llama3")
    }
    return entries
  }

  /// The factors by which llama 3.1 slows each frequency, for heads of `width` elements; nil where
  /// the scaling is another.
  func llama3Factors(width: Int) -> [Float]? {
    guard type?.lowercased() == "llama3" else { return nil }
    return Self.llama3Factors(
      width: width, theta: Float(theta ?? 10000), factor: Float(number("factor") ?? 8),
      low: Float(number("low_freq_factor") ?? 1), high: Float(number("high_freq_factor") ?? 4),
      length: Float(number("original_max_position_embeddings") ?? 8192))
  }

  /// Wave lengths below `length / high` stay, those above `length / low` are slowed by `factor`,
  /// and those between by something between (transformers, modeling_rope_utils.py).
  static func llama3Factors(
    width: Int, theta: Float, factor: Float, low: Float, high: Float, length: Float
  ) -> [Float] {
    stride(from: 0, to: width, by: 2).map { place in
      let frequency = 1 / Elementary.pow(theta, Float(place) / Float(width))
      let wave = 2 * Float.pi / frequency
      if wave < length / high { return 1 }
      if wave > length / low { return factor }
      let smooth = (length / wave - low) / (high - low)
      return 1 / ((1 - smooth) / factor + smooth)
    }
  }
}
