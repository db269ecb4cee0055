// A checkpoint as transformers sees it, without writing it out: what runs a model reads this.

internal import TieConvIO

/// A model under Hugging Face's names and with its config, whatever its files are.
///
/// Of a GGUF file, tensors are dequantized and laid out anew as their rows are asked for.
package struct TranslatedModel: Sendable {
  private let checkpoint: Checkpoint
  /// The tensors that are made; none where the files are Hugging Face's own.
  private let made: [String: (recipe: TensorRecipe, tensor: any ByteSource)]
  /// The config; nil where there is none.
  package let config: ModelConfig?
  /// Every tensor.
  package let tensors: [TensorInfo]

  /// Where the checkpoint is; for messages.
  package var path: String { checkpoint.path }

  /// Reads headers, and makes the config of a GGUF file out of its metadata.
  ///
  /// - Throws: `CheckpointError` where a GGUF file has an architecture, or a tensor, that is not
  ///   known.
  package init(
    _ checkpoint: Checkpoint, options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) {
    self.checkpoint = checkpoint
    guard checkpoint.ggufMetadata != nil else {
      made = [:]
      config = checkpoint.config
      tensors = Array(checkpoint.tensors)
      return
    }
    let plan = try Converter.plan(
      checkpoint, .safetensors, "model", ConvertOptions(execution: options))
    let resolver = RecipeResolver(checkpoint: checkpoint)
    var made: [String: (recipe: TensorRecipe, tensor: any ByteSource)] = [:]
    for recipe in plan.recipes { made[recipe.name] = (recipe, try resolver.tensor(recipe)) }
    self.made = made
    tensors = plan.recipes.map {
      TensorInfo(name: $0.name, dtype: $0.dtype, shape: $0.shape, dataOffsets: 0..<$0.byteCount)
    }
    let text = plan.texts.first { $0.name == "config.json" }?.text
    config = try text.map { text throws(CheckpointError) in
      try ModelConfig(path: checkpoint.path, text: text)
    }
  }

  /// What is known of a tensor; nil where there is none of this name.
  package func tensor(_ name: String) -> TensorInfo? {
    if let recipe = made[name]?.recipe {
      return TensorInfo(
        name: name, dtype: recipe.dtype, shape: recipe.shape, dataOffsets: 0..<recipe.byteCount)
    }
    return made.isEmpty ? checkpoint.tensor(name)?.info : nil
  }

  /// The type that a tensor is stored in, packed or not.
  package func storedDType(_ name: String) -> DType? {
    guard let recipe = made[name]?.recipe, case .stored(let source)? = recipe.sources.first else {
      return tensor(name)?.dtype
    }
    return checkpoint.tensor(source)?.info.dtype
  }

  /// The bytes of a tensor, or of some of its rows (its first dimension); nil where there is none,
  /// or it has no such rows.
  package func bytes(
    of name: String, rows: Range<Int>? = nil, options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) -> [UInt8]? {
    guard let (recipe, tensor) = made[name] else {
      return made.isEmpty
        ? try checkpoint.bytes(of: name, rows: rows, options: options) : nil
    }
    var range = 0..<tensor.size
    if let rows {
      guard let count = recipe.shape.dimensions.first.flatMap({ Int(exactly: $0) }), count > 0,
        rows.lowerBound >= 0, rows.upperBound <= count, tensor.size % count == 0
      else { return nil }
      let row = tensor.size / count
      range = rows.lowerBound * row..<rows.upperBound * row
    }
    return try reading { () throws(IOFailure) in try tensor.bytes(in: range) }
  }
}
