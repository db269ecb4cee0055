// The rotary fields of a config, in the old spelling (rope_theta, rope_scaling) and the new one
// (rope_parameters, for Gemma 3 one set a layer type).

internal import TieConv

/// Reads what a config says of rotary embedding.
struct RotaryReader {
  let family: DecoderFamily
  let headSize: Int
  let maximumPositions: Int
  let defaults: FamilyDefaults
  /// The config's own `original_max_position_embeddings`, which wins over the scaling's.
  private var original: Double?

  init(
    family: DecoderFamily, headSize: Int, maximumPositions: Int, defaults: FamilyDefaults
  ) {
    self.family = family
    self.headSize = headSize
    self.maximumPositions = maximumPositions
    self.defaults = defaults
  }

  /// The rotation of all layers, and where there is one the rotation of layers with a window.
  mutating func read(
    _ reader: inout ConfigReader
  ) throws(CheckpointError) -> (global: RotarySettings, local: RotarySettings?) {
    let isNeoX = family == .gptNeoX
    let base = try reader.positive(isNeoX ? "rotary_emb_base" : "rope_theta")
    if isNeoX { reader.skip("rope_theta") }
    let part = try reader.positive(isNeoX ? "rotary_pct" : "partial_rotary_factor")
    let localBase = try reader.positive("rope_local_base_freq")
    original = try reader.positive("original_max_position_embeddings")
    if original == nil, family == .phi3 { original = 4096 }
    let scaling = reader.value("rope_scaling")
    let parameters = reader.value("rope_parameters")
    if family == .gemma3 {
      for member in parameters?.members ?? []
      where !["full_attention", "sliding_attention"].contains(member.key) {
        throw reader.unsupported("rope_parameters.\(member.key)", "is not one of a layer type")
      }
      return (
        try settings(
          [scaling, parameters?["full_attention"]], base ?? defaults.rotaryBase, part, reader),
        try settings(
          [parameters?["sliding_attention"]], localBase ?? defaults.localRotaryBase ?? 10_000,
          part, reader)
      )
    }
    return (
      try settings([scaling ?? parameters], base ?? defaults.rotaryBase, part, reader), nil
    )
  }

  /// One rotation from its nodes; a later node's fields give way to an earlier one's.
  private func settings(
    _ nodes: [JSONNode?], _ base: Double, _ part: Double?, _ outer: ConfigReader
  ) throws(CheckpointError) -> RotarySettings {
    var members: [JSONMember] = []
    for node in nodes {
      guard let node, node.value != .null else { continue }
      guard let found = node.members else {
        throw outer.unsupported("rope_parameters", "is not an object")
      }
      members += found.filter { new in !members.contains { $0.key == new.key } }
    }
    var reader = ConfigReader(members, file: outer.file, path: "rope_parameters.")
    let base = try reader.positive("rope_theta") ?? base
    let fraction = try reader.positive("partial_rotary_factor") ?? part
    let dimension = try rotatingDimension(fraction, reader)
    let oldName = try reader.text("type")
    let name = try reader.text("rope_type") ?? oldName ?? "default"
    let scaling = try scaling(name, &reader, dimension: dimension)
    try reader.refuseUnread()
    return RotarySettings(
      dimension: dimension, base: base, scaling: scaling, isInterleaved: family == .cohere)
  }

  private func rotatingDimension(
    _ fraction: Double?, _ reader: ConfigReader
  ) throws(CheckpointError) -> Int {
    let isPartial = family == .phi3 || family == .gptNeoX
    let fraction = fraction ?? (family == .gptNeoX ? 0.25 : 1)
    guard fraction <= 1, isPartial || fraction == 1 else {
      throw reader.unsupported("partial_rotary_factor", "is \(fraction)")
    }
    return Int(Double(headSize) * fraction)
  }

  private func scaling(
    _ name: String, _ reader: inout ConfigReader, dimension: Int
  ) throws(CheckpointError) -> RotarySettings.Scaling {
    if family == .phi3, name != "default", name != "longrope", name != "su", name != "yarn" {
      throw reader.unsupported("rope_type", "is \(name)")
    }
    switch name {
    case "default", "mrope":
      reader.skip("factor", "original_max_position_embeddings")
      return .none
    case "linear": return .linear(factor: try required("factor", &reader))
    case "dynamic":
      reader.skip("original_max_position_embeddings")
      return .dynamic(factor: try required("factor", &reader), maximum: maximumPositions)
    case "llama3":
      return .llama3(
        factor: try required("factor", &reader), low: try required("low_freq_factor", &reader),
        high: try required("high_freq_factor", &reader), original: try trained(&reader))
    case "yarn" where family != .phi3: return .yarn(try yarn(&reader))
    case "longrope", "su", "yarn": return try long(&reader, dimension: dimension)
    default: throw reader.unsupported("rope_type", "is \(name)")
    }
  }

  private func required(
    _ key: String, _ reader: inout ConfigReader
  ) throws(CheckpointError) -> Double {
    guard let number = try reader.positive(key) else {
      throw reader.unsupported(key, "is not stated")
    }
    return number
  }

  /// The context of the training.
  private func trained(_ reader: inout ConfigReader) throws(CheckpointError) -> Double {
    let own = try reader.positive("original_max_position_embeddings")
    return original ?? own ?? Double(maximumPositions)
  }

  private func yarn(_ reader: inout ConfigReader) throws(CheckpointError) -> YarnSettings {
    let original = try trained(&reader)
    let factor = try reader.positive("factor") ?? Double(maximumPositions) / original
    let scale = try reader.number("mscale")
    let scaleAll = try reader.number("mscale_all_dim")
    var amplitude = YarnSettings.recommendedAmplitude(factor: factor)
    if let scale, let scaleAll, scale != 0, scaleAll != 0 {
      amplitude =
        YarnSettings.recommendedAmplitude(factor: factor, scale: scale)
        / YarnSettings.recommendedAmplitude(factor: factor, scale: scaleAll)
    }
    return YarnSettings(
      factor: factor, original: original, fast: try reader.positive("beta_fast") ?? 32,
      slow: try reader.positive("beta_slow") ?? 1,
      truncates: try reader.flag("truncate", default: true),
      amplitude: try reader.positive("attention_factor") ?? amplitude)
  }

  private func long(
    _ reader: inout ConfigReader, dimension: Int
  ) throws(CheckpointError) -> RotarySettings.Scaling {
    let original = try trained(&reader)
    let factor = try reader.positive("factor") ?? Double(maximumPositions) / original
    let stated = try reader.positive("attention_factor")
    let short = try reader.numbers("short_factor") ?? []
    let long = try reader.numbers("long_factor") ?? []
    guard short.count == dimension / 2, long.count == dimension / 2 else {
      throw reader.unsupported("short_factor", "and long_factor are not one number a pair")
    }
    return .long(
      short: short, long: long, original: original,
      attentionFactor: stated ?? LongRotary.amplitude(factor: factor, original: original))
  }
}
