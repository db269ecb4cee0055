// How mlx-lm calls and lays out tensors, where that is not as Hugging Face does: what its models'
// `sanitize` does on load is done once, here (mlx-lm, models/gpt2.py and gpt_neox.py).

/// The names of one architecture in mlx-lm.
struct MLXNaming {
  /// What becomes of a tensor.
  enum Place: Equatable {
    case named(String, isTransposed: Bool = false)
    /// A buffer that the model does not have.
    case left
  }

  private let modelType: String
  /// Whether the input's names are mlx-lm's.
  let isMLX: Bool

  /// The names of `checkpoint`'s architecture; nil where they are Hugging Face's anyway.
  init?(_ checkpoint: Checkpoint) {
    guard let type = checkpoint.config?.modelType else { return nil }
    modelType = type
    isMLX = checkpoint.shards.contains { shard in
      shard.metadata.contains { $0.key == "format" && $0.value == "mlx" }
    }
  }

  /// The names of models of `modelType`.
  init(modelType: String, isMLX: Bool) {
    self.modelType = modelType
    self.isMLX = isMLX
  }

  /// `recipe` as mlx-lm wants it; nil for a buffer that it does not have.
  func renamed(_ recipe: TensorRecipe) -> TensorRecipe? {
    guard case .named(let name, let isTransposed) = place(recipe.name, toMLX: true) else {
      return nil
    }
    var transforms = recipe.transforms
    if isTransposed { transforms.append(.transpose) }
    return TensorRecipe(
      name: name, sources: recipe.sources, transforms: transforms, dtype: recipe.dtype,
      shape: isTransposed ? Shape(recipe.shape.dimensions.reversed()) : recipe.shape)
  }

  /// Whether mlx-lm has no head of its own for the architecture.
  var alwaysTies: Bool { ["gemma", "gemma2", "gpt2", "cohere", "cohere2"].contains(modelType) }

  /// The tensor called `name` in the output.
  func place(_ name: String, toMLX: Bool) -> Place {
    if toMLX == isMLX { return .named(name) }
    if name.hasSuffix(".rotary_emb.inv_freq") { return .left }
    switch modelType {
    case "gpt2": return toMLX ? gpt2(name) : gpt2Back(name)
    case "gpt_neox": return toMLX ? neoX(name) : neoXBack(name)
    default: return .named(name)
    }
  }

  private static let transposed = [
    ".attn.c_attn.weight", ".attn.c_proj.weight", ".mlp.c_fc.weight", ".mlp.c_proj.weight",
  ]

  private func gpt2(_ name: String) -> Place {
    if name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias") { return .left }
    let stem = name.hasPrefix("transformer.") ? String(name.dropFirst(12)) : name
    return .named(
      "model.\(stem)", isTransposed: Self.transposed.contains { stem.hasSuffix($0) })
  }

  private func gpt2Back(_ name: String) -> Place {
    let stem = name.hasPrefix("model.") ? String(name.dropFirst(6)) : name
    return .named(
      "transformer.\(stem)", isTransposed: Self.transposed.contains { stem.hasSuffix($0) })
  }

  private func neoX(_ name: String) -> Place {
    for ending in [".attention.bias", ".attention.masked_bias"] where name.hasSuffix(ending) {
      return .left
    }
    let layers = "gpt_neox.layers."
    if name.hasPrefix(layers) { return .named("model.h." + name.dropFirst(layers.count)) }
    let stem = name.hasPrefix("gpt_neox.") ? String(name.dropFirst(9)) : name
    return .named("model.\(stem)")
  }

  private func neoXBack(_ name: String) -> Place {
    if name.hasPrefix("model.h.") { return .named("gpt_neox.layers." + name.dropFirst(8)) }
    if name.hasPrefix("model.embed_out.") { return .named(String(name.dropFirst(6))) }
    if name.hasPrefix("model.") { return .named("gpt_neox." + name.dropFirst(6)) }
    return .named(name)
  }
}
