// What differs from layer to layer: sliding windows and rotation.

internal import TieConv

extension DecoderConfiguration {
  /// Reads which layers see a window alone.
  mutating func readWindows(_ reader: inout ConfigReader) throws(CheckpointError) {
    switch family {
    case .mistral:
      // An absent window is the class's default, a null one is none.
      let isStated = reader.states("sliding_window")
      let window = try reader.integer("sliding_window", in: 1...1 << 40)
      setWindows { _ in window ?? (isStated ? nil : 4096) }
    case .phi3:
      let window = try reader.integer("sliding_window", in: 1...1 << 40)
      setWindows { _ in window }
    case .qwen2, .qwen3, .smollm3:
      try readOptionalWindows(&reader)
    case .gemma2, .gemma3:
      let isStated = reader.states("sliding_window")
      let window = try reader.integer("sliding_window", in: 1...1 << 40)
      let period =
        family == .gemma2 ? 2 : try reader.integer("sliding_window_pattern", default: 6)
      // Written beside layer_types, which already say what it says.
      if reader.states("layer_types") { reader.skip("_sliding_window_pattern") }
      let sliding =
        try slidingLayers(&reader) ?? layers.indices.map { ($0 + 1) % period != 0 }
      try set(window ?? (isStated ? nil : 4096), on: sliding, reader)
    case .llama, .gemma, .gpt2, .gptNeoX, .olmo2, .granite, .cohere: break
    }
  }

  private mutating func readOptionalWindows(
    _ reader: inout ConfigReader
  ) throws(CheckpointError) {
    let uses = try reader.flag("use_sliding_window", default: false)
    let isStated = reader.states("sliding_window")
    let assumed = family == .smollm3 || isStated ? nil : 4096
    let stated = try reader.integer("sliding_window", in: 1...1 << 40) ?? assumed
    let window = uses ? stated : nil
    let stays = try reader.integer("max_window_layers", in: 0...1 << 24) ?? 28
    let turning = family == .smollm3 ? try turningLayers(&reader) : []
    let sliding =
      try slidingLayers(&reader)
      ?? layers.indices.map { index in
        window != nil && (family == .smollm3 ? !turning[index] : index >= stays)
      }
    // SmolLM3 gives a window only where both the flag and the layer's type say so.
    if family == .smollm3, window == nil { return }
    try set(window, on: sliding, reader)
  }

  /// The layers that `layer_types` calls sliding; nil where the config has none.
  private func slidingLayers(_ reader: inout ConfigReader) throws(CheckpointError) -> [Bool]? {
    guard let node = reader.value("layer_types") else { return nil }
    let types = (node.elements ?? []).map { $0.string ?? "" }
    guard types.count == layers.count else {
      throw reader.unsupported("layer_types", "has \(types.count) entries, not \(layers.count)")
    }
    for type in types where type != "sliding_attention" && type != "full_attention" {
      throw reader.unsupported("layer_types", "has \(type)")
    }
    return types.map { $0 == "sliding_attention" }
  }

  private mutating func set(
    _ window: Int?, on sliding: [Bool], _ reader: ConfigReader
  ) throws(CheckpointError) {
    guard sliding.contains(true) else { return }
    guard let window else {
      throw reader.unsupported("layer_types", "has sliding layers, but no sliding_window is set")
    }
    setWindows { sliding[$0] ? window : nil }
  }

  private mutating func setWindows(_ window: (Int) -> Int?) {
    for layer in layers.indices { layers[layer].window = window(layer) }
  }

  /// Which of SmolLM3's layers turn queries and keys.
  func turningLayers(_ reader: inout ConfigReader) throws(CheckpointError) -> [Bool] {
    let interval = try reader.integer("no_rope_layer_interval", default: 4)
    guard let node = reader.value("no_rope_layers") else {
      return layers.indices.map { ($0 + 1) % interval != 0 }
    }
    let flags = (node.elements ?? []).compactMap(\.integer)
    guard flags.count >= layers.count, flags.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw reader.unsupported("no_rope_layers", "is not one 0 or 1 for each layer")
    }
    return layers.indices.map { flags[$0] == 1 }
  }

  /// Reads the rotations and gives each layer its own.
  mutating func readRotations(
    _ reader: inout ConfigReader, _ defaults: FamilyDefaults
  ) throws(CheckpointError) {
    let maximum = try reader.integer(
      "max_position_embeddings", default: defaults.maximumPositions)
    var rotary = RotaryReader(
      family: family, headSize: headSize, maximumPositions: maximum, defaults: defaults)
    let (global, local) = try rotary.read(&reader)
    rotations = [global] + (local.map { [$0] } ?? [])
    let turning =
      family == .smollm3
      ? try turningLayers(&reader) : Array(repeating: true, count: layers.count)
    for layer in layers.indices where turning[layer] {
      layers[layer].rotation = local != nil && layers[layer].window != nil ? 1 : 0
    }
  }
}
