// Is it an MLX checkpoint? The files say so themselves, or their settings are MLX's.

extension Checkpoint {
  /// Whether MLX wrote the weights, or the configuration packs them as MLX does.
  public var isMLX: Bool {
    shards.contains { shard in
      shard.metadata.contains { $0.key == "format" && $0.value == "mlx" }
    } || (try? QuantizationSettings(self))?.method == "mlx"
  }
}
