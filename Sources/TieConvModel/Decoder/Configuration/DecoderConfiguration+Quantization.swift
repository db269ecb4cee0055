// What a config says of quantization, and what of it the arithmetic here leaves out.

internal import TieConv

extension DecoderConfiguration {
  /// Refuses settings that say more than how weights are packed: activations or the cache of keys
  /// and values in few bits give other logits than the weights alone.
  static func check(
    _ settings: JSONNode, isUnpacked: Bool, file: String
  ) throws(CheckpointError) {
    func refuse(_ message: String, hint: String) -> CheckpointError {
      CheckpointError(.unsupportedFormat, file: file, message, hint: hint)
    }
    guard isUnpacked else {
      throw refuse(
        "the config speaks of quantized weights, and none are stored",
        hint: "the files may belong to another config")
    }
    let weightsAlone = "convert with --dtype bf16 and run that, to measure the weights alone"
    let groups = settings["config_groups"]?.members ?? []
    for group in groups where group.node["input_activations"]?.isSet == true {
      throw refuse(
        "activations are quantized too (config_groups.\(group.key).input_activations)",
        hint: weightsAlone)
    }
    for key in ["activation_scheme", "kv_cache_scheme"] where settings[key]?.isSet == true {
      throw refuse(
        "more than weights is quantized (quantization_config.\(key))", hint: weightsAlone)
    }
    // bitsandbytes multiplies its 8-bit weights with 8-bit activations.
    if settings["load_in_8bit"]?.bool == true {
      throw refuse("activations are quantized too (load_in_8bit)", hint: weightsAlone)
    }
  }
}

extension JSONNode {
  fileprivate var isSet: Bool { value != .null }
}
