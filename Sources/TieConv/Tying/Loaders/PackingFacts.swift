// What a loader that takes only some packings looks at.

/// A checkpoint's packing as its settings state it.
public struct PackingFacts: Hashable, Sendable {
  /// `quant_method`, `mlx` for MLX; nil where nothing is packed.
  public var method: String?
  /// `format`, where the settings state one.
  public var format: String?
  /// Bits of a code, where the settings state them at their top.
  public var bits: Int?
  /// Whether some module stores a group index.
  public var hasGroupIndex = false

  /// Nothing is packed.
  public init() {}

  /// The packing of `checkpoint`; settings that cannot be read count as none.
  init(_ checkpoint: Checkpoint) {
    guard let settings = try? QuantizationSettings(checkpoint) else { return }
    method = settings.method
    format = settings.root?["format"]?.string
    bits = (settings.root?["bits"] ?? settings.root?["w_bit"])?.integer
    guard method == "gptq" || method == "awq" else { return }
    hasGroupIndex = checkpoint.tensors.contains { TensorName($0.name).last == "g_idx" }
  }
}
