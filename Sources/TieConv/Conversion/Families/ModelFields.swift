// A config's fields as a family reads them: as stated, else as its class would fill them in.

/// The numbers of one model.
struct ModelFields: Sendable {
  let config: ModelConfig
  let family: ModelFamily

  /// The field as config.json states it, at the innermost level of the language model.
  func stated(_ key: String) -> JSONNode? { config.textValue(key) }

  /// A natural number: the first of `keys` that is stated, else the first that has a default.
  func integer(_ keys: String...) throws(CheckpointError) -> Int? {
    for key in keys {
      if let node = stated(key) {
        guard let value = node.integer ?? node.double.flatMap(Int.init(exactly:)), value >= 0,
          value <= Int32.max
        else { throw invalid(key, "is no natural number of 32 bits", node) }
        return value
      }
    }
    for key in keys {
      switch family.defaults[key] {
      case .number(let value): return Int(exactly: value)
      case .headWidth:
        guard let width = try integer("hidden_size"),
          let heads = try integer("num_attention_heads"),
          heads > 0
        else { return nil }
        return width / heads
      case .field(let other): return try integer(other)
      default: continue
      }
    }
    return nil
  }

  /// A natural number that a model cannot do without.
  func required(_ keys: String...) throws(CheckpointError) -> Int {
    for key in keys {
      if let value = try integer(key) { return value }
    }
    throw CheckpointError(
      .invalidConfig, file: config.path, "\(keys[0]) is missing",
      hint: "the target format cannot do without it")
  }

  /// A number.
  func double(_ key: String) throws(CheckpointError) -> Double? {
    if let node = stated(key) {
      guard let value = node.double, value.isFinite else {
        throw invalid(key, "is no number", node)
      }
      return value
    }
    if case .number(let value) = family.defaults[key] { return value }
    return nil
  }

  /// A truth value.
  func bool(_ key: String) -> Bool? {
    if let value = stated(key)?.bool { return value }
    if case .bool(let value) = family.defaults[key] { return value }
    return nil
  }

  /// The number of blocks.
  func blocks() throws(CheckpointError) -> Int {
    let count = try required("num_hidden_layers", "n_layer")
    // llama.cpp's limit is 512; a hostile config must not ask for more rules than that.
    guard (1...4096).contains(count) else {
      throw CheckpointError(
        .invalidConfig, file: config.path, "number of layers is out of bounds", found: "\(count)",
        expected: "1 to 4096")
    }
    return count
  }

  /// The number of query heads.
  func heads() throws(CheckpointError) -> Int {
    try required("num_attention_heads", "n_head")
  }

  /// The number of key heads, which is that of the query heads where nothing is said.
  func keyHeads() throws(CheckpointError) -> Int {
    if let count = try integer("num_key_value_heads") { return count }
    return try heads()
  }

  private func invalid(_ key: String, _ message: String, _ node: JSONNode) -> CheckpointError {
    CheckpointError(
      .invalidConfig, file: config.path, offset: node.range.lowerBound, "\(key) \(message)")
  }
}
