// A checkpoint as transformers sees it, without writing it out: what runs a model reads this.

package import TieConvIO

/// A model under Hugging Face's names and with its config, whatever its files are.
///
/// Of a GGUF file, tensors are dequantized and laid out anew as their rows are asked for; of packed
/// safetensors, the packed matrices.
package struct TranslatedModel: Sendable {
  private let checkpoint: Checkpoint
  /// The tensors that are made; none where the files are Hugging Face's own and plain.
  private let made: [String: (recipe: TensorRecipe, tensor: ConvertedTensor)]
  /// The config; nil where there is none.
  package let config: ModelConfig?
  /// Every tensor.
  package let tensors: [TensorInfo]

  /// Whether the files are GGUF.
  package var isGGUF: Bool { checkpoint.ggufMetadata != nil }
  /// Whether packed matrices of safetensors appear unpacked.
  package let isUnpacked: Bool

  /// Where the checkpoint is; for messages.
  package var path: String { checkpoint.path }

  /// Reads headers, and makes the config of a GGUF file out of its metadata.
  ///
  /// - Throws: `CheckpointError` where a GGUF file has an architecture, or a tensor, that is not
  ///   known, or a matrix is packed in a way that is not decoded.
  package init(
    _ checkpoint: Checkpoint, options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) {
    self.checkpoint = checkpoint
    guard checkpoint.ggufMetadata != nil else {
      config = checkpoint.config
      isUnpacked = PlainEntry.hasPacked(checkpoint)
      let recipes = isUnpacked ? try Self.unpacking(checkpoint) : []
      made = try Self.opened(recipes, of: checkpoint)
      tensors = isUnpacked ? recipes.map(TensorInfo.init) : Array(checkpoint.tensors)
      return
    }
    isUnpacked = false
    let plan = try Converter.plan(
      checkpoint, .safetensors, "model", ConvertOptions(execution: options))
    made = try Self.opened(plan.recipes, of: checkpoint)
    tensors = plan.recipes.map(TensorInfo.init)
    let text = plan.texts.first { $0.name == "config.json" }?.text
    config = try text.map { text throws(CheckpointError) in
      try ModelConfig(path: checkpoint.path, text: text)
    }
  }

  private static func opened(
    _ recipes: [TensorRecipe], of checkpoint: Checkpoint
  ) throws(CheckpointError) -> [String: (recipe: TensorRecipe, tensor: ConvertedTensor)] {
    let resolver = RecipeResolver(checkpoint: checkpoint)
    var made: [String: (recipe: TensorRecipe, tensor: ConvertedTensor)] = [:]
    for recipe in recipes { made[recipe.name] = (recipe, try resolver.plainTensor(recipe)) }
    return made
  }

  /// Every tensor, packed matrices as one plain tensor each, under Hugging Face's names.
  private static func unpacking(
    _ checkpoint: Checkpoint
  ) throws(CheckpointError) -> [TensorRecipe] {
    let naming = MLXNaming(checkpoint)
    return try PlainEntry.all(of: checkpoint, unpacks: true).compactMap { entry in
      let place = naming?.place(entry.info.name, toMLX: false) ?? .named(entry.info.name)
      guard case .named(let name, let isTransposed) = place else { return nil }
      let shape = entry.info.shape
      return TensorRecipe(
        name: name, sources: [entry.source], transforms: isTransposed ? [.transpose] : [],
        dtype: entry.info.dtype,
        shape: isTransposed ? Shape(shape.dimensions.reversed()) : shape)
    }
  }

  /// What is known of a tensor; nil where there is none of this name.
  package func tensor(_ name: String) -> TensorInfo? {
    if let recipe = made[name]?.recipe { return TensorInfo(recipe) }
    return made.isEmpty ? checkpoint.tensor(name)?.info : nil
  }

  /// The type that a tensor is stored in, packed or not.
  package func storedDType(_ name: String) -> DType? {
    guard let recipe = made[name]?.recipe, case .stored(let source)? = recipe.sources.first else {
      return tensor(name)?.dtype
    }
    return checkpoint.tensor(source)?.info.dtype
  }

  /// The file in which the bytes of a tensor stand as they are, and where; nil where they are made,
  /// or stand in no file of their own.
  package func place(of name: String) -> (file: InputFile, range: Range<Int>)? {
    if let tensor = made[name]?.tensor {
      guard let (source, range) = tensor.verbatim else { return nil }
      return source.file(holding: range).map { ($0, range) }
    }
    guard made.isEmpty, let (shard, info) = checkpoint.tensor(name) else { return nil }
    let range = shard.fileRange(of: info)
    return shard.file.file(holding: range).map { ($0, range) }
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
    return try bytes(of: tensor, recipe, rows: rows)
  }

  /// The bytes of some rows of a tensor as if every number of a ggml block were the block's minimum;
  /// nil where the blocks have none, or there are no such rows.
  package func minima(
    of name: String, rows: Range<Int>
  ) throws(CheckpointError) -> [UInt8]? {
    guard let recipe = made[name]?.recipe, storedDType(name)?.hasBlockMinima == true else {
      return nil
    }
    let resolver = RecipeResolver(checkpoint: checkpoint, readsMinima: true)
    return try bytes(of: try resolver.plainTensor(recipe), recipe, rows: rows)
  }

  private func bytes(
    of tensor: ConvertedTensor, _ recipe: TensorRecipe, rows: Range<Int>?
  ) throws(CheckpointError) -> [UInt8]? {
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

extension TensorInfo {
  /// What `recipe` makes.
  fileprivate init(_ recipe: TensorRecipe) {
    self.init(
      name: recipe.name, dtype: recipe.dtype, shape: recipe.shape,
      dataOffsets: 0..<recipe.byteCount)
  }
}
