// From a GGUF model to a GGUF model: parts merged or parted, blocks as they are or unpacked by a cast.

/// Plans the rewriting of a GGUF model.
struct GGUFCopyPlanner {
  let checkpoint: Checkpoint
  let metadata: GGUFMetadata
  let tie: ConversionTie
  let options: ConvertOptions

  func plan(name: String) throws(CheckpointError) -> ConversionPlan {
    var plan = ConversionPlan(weights: [], layout: .file, dropped: tie.dropped)
    var recipes: [TensorRecipe] = []
    for info in checkpoint.tensors where !tie.dropped.contains(info.name) {
      recipes.append(
        TensorRecipe(
          name: tie.renamed[info.name] ?? info.name, sources: [.stored(info.name)],
          dtype: try dtype(of: info), shape: info.shape))
    }
    var metadata = GGUFMetadata(
      self.metadata.entries.filter { !GGUFOrigin.isOfTheFile($0.key) }.map { ($0.key, $0.value) })
    if options.dtype != nil {
      metadata[GGUFLayout.fileTypeKey] = .uint32(GGUFLayout.fileType(of: recipes))
    }
    if self.metadata[Receipt.metadataKey] != nil {
      plan.notes.append("the receipt is not carried over: it is about the input's bytes")
    }
    let layout = GGUFLayout(metadata: metadata, limit: options.maximumShardSize)
    plan.layout = layout.layout
    plan.weights = try layout.files(name, recipes)
    return plan
  }

  /// Everything stays what it is, but for a cast of the matrices that is asked for.
  private func dtype(of info: TensorInfo) throws(CheckpointError) -> DType {
    let plain = checkpoint.plainDType(of: info)
    if let wanted = options.dtype, ConvertOptions.dtypes.contains(plain) {
      let isKept = GGUFLayout.isAlwaysF32(info.name, rank: info.shape.rank)
      return isKept ? plain : wanted
    }
    guard !info.dtype.isBlock || checkpoint.tensor(info.name)?.shard.byteOrder == .little else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: info.name,
        "blocks of foreign byte order are not turned", found: info.dtype.rawValue,
        hint: "--dtype f32 unpacks them")
    }
    return info.dtype
  }
}
