// The factor of a LoRA product: alpha / r, or alpha / √r with rank-stabilised LoRA.

/// The factor of one module.
struct LoRAScale: Sendable {
  let value: Float

  /// Works out the factor from the adapter's config (Hu et al. 2021, section 4.1; Kalajdzievski 2023
  /// for rank-stabilised LoRA). The rank is the stored one.
  ///
  /// - Throws: `unsupportedFormat` where the config names modules by a regular expression.
  init(_ adapter: PEFTAdapter, module: String, rank: Int) throws(CheckpointError) {
    let config = adapter.config
    var alpha = config["lora_alpha"]?.double ?? 8
    for member in config["alpha_pattern"]?.members ?? [] {
      guard let matches = Self.matches(member.key, module) else {
        throw CheckpointError(
          .unsupportedFormat, file: adapter.path, tensor: module,
          "alpha_pattern is a regular expression (\(TensorName.escaped(member.key)))")
      }
      if matches, let stated = member.node.double {
        alpha = stated
        break
      }
    }
    let isStabilised = config["use_rslora"]?.bool == true
    let divisor = isStabilised ? Double(rank).squareRoot() : Double(rank)
    value = Float(alpha / divisor)
  }

  /// Whether a key of a pattern names `module`: PEFT matches it at the end, after a dot. Nil for
  /// anything but a plain name.
  private static func matches(_ key: String, _ module: String) -> Bool? {
    let isAnchored = key.hasPrefix("^")
    let name = isAnchored ? String(key.dropFirst()) : key
    let isPlain = name.unicodeScalars.allSatisfy {
      $0.isASCII
        && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == ".")
    }
    guard isPlain, !name.isEmpty else { return nil }
    return isAnchored ? module == name : TensorName(module).hasSuffix(components: name)
  }
}
