// From any checkpoint with Hugging Face's names to safetensors, of a Hugging Face folder or of MLX.

/// Plans the conversion to safetensors.
struct SafetensorsPlanner {
  let checkpoint: Checkpoint
  let options: ConvertOptions
  let tie: ConversionTie
  /// Whether the output is for mlx-lm.
  let isForMLX: Bool

  func plan(name: String) throws(CheckpointError) -> ConversionPlan {
    let naming = MLXNaming(checkpoint)
    var recipes: [TensorRecipe] = []
    var dropped = tie.dropped
    for entry in try PlainEntry.all(of: checkpoint, unpacks: unpacks) {
      let info = entry.info
      if entry.members.contains(where: tie.dropped.contains) { continue }
      let stored = entry.members.lazy.compactMap { tie.renamed[$0] }.first ?? info.name
      let place = naming?.place(stored, toMLX: isForMLX) ?? .named(stored)
      guard case .named(let name, let isTransposed) = place else {
        dropped += entry.members
        continue
      }
      var recipe = TensorRecipe(
        name: name, sources: [entry.source], dtype: try dtype(of: info), shape: info.shape)
      if isTransposed {
        recipe.transforms = [.transpose]
        recipe.shape = Shape(info.shape.dimensions.reversed())
      }
      recipes.append(recipe)
    }
    try checkHead(naming)
    var plan = try SafetensorsLayout(
      layout: checkpoint.layout, isForMLX: isForMLX, limit: options.shardLimit
    ).plan(recipes, name: name)
    plan.dropped = dropped
    if plan.layout == .folder {
      if let text = config() { plan.texts.append(("config.json", text)) }
      try carry(to: &plan)
    }
    return plan
  }

  /// Whether packed matrices become plain: where a cast is asked for, and where the loaders of the
  /// target do not know the packing.
  private var unpacks: Bool {
    let isMLX = MLXNaming(checkpoint)?.isMLX ?? false
    return (options.dtype != nil || isMLX != isForMLX) && PlainEntry.hasPacked(checkpoint)
  }

  private func dtype(of info: TensorInfo) throws(CheckpointError) -> DType {
    let stored = checkpoint.plainDType(of: info)
    guard let wanted = options.dtype, ConvertOptions.dtypes.contains(stored) else {
      guard stored.isInSafetensors else {
        throw CheckpointError(
          .unsupportedFormat, file: checkpoint.path, tensor: info.name,
          "safetensors has no such elements", found: stored.rawValue)
      }
      return stored
    }
    return wanted
  }

  /// mlx-lm ties some architectures whatever the files say.
  private func checkHead(_ naming: MLXNaming?) throws(CheckpointError) {
    guard isForMLX, let head = tie.head, naming?.alwaysTies == true else { return }
    throw CheckpointError(
      .conflict, file: checkpoint.path, tensor: head,
      "mlx-lm always ties this architecture: this head would be lost",
      hint: "tie --keep embedding or --keep head first, or convert to another format")
  }

  /// config.json with the dtype and the tie as they are now, and every other byte as it was.
  private func config() -> [UInt8]? {
    guard let config = checkpoint.config else { return nil }
    var text = config.text
    if tie.isTied, !tie.dropped.isEmpty || !tie.renamed.isEmpty {
      text = config.settingFlag(to: true).text
    }
    if let dtype = options.dtype, let root = try? JSONNode.parse(text, allowsNonFinite: true) {
      var edit = JSONEdit()
      for level in config.levels {
        for key in ["dtype", "torch_dtype"] {
          if let node = root[path: level + [key]], node.value != .null {
            edit.replace(node.range, with: JSONText.quoted(dtype.torchName))
          }
        }
      }
      text = edit.applied(to: text)
    }
    if unpacks { text = Self.withoutQuantization(text, config.levels) }
    return isForMLX ? MLXConfig.withPlainRope(text) : text
  }

  /// `text` without what says that matrices are packed.
  private static func withoutQuantization(_ text: [UInt8], _ levels: [[String]]) -> [UInt8] {
    guard let root = try? JSONNode.parse(text, allowsNonFinite: true) else { return text }
    var edit = JSONEdit()
    for level in levels {
      edit.removeMembers(of: root[path: level]?.members ?? []) {
        $0 == "quantization" || $0 == "quantization_config"
      }
    }
    return edit.applied(to: text)
  }

  private func carry(to plan: inout ConversionPlan) throws(CheckpointError) {
    let written = Set(plan.weights.map(\.name) + plan.texts.map(\.name))
    let receipt = try Receipt(readable: checkpoint)
    for (path, size) in checkpoint.otherFiles where !written.contains(path) {
      if path == Receipt.fileName, receipt?.origin != nil, options.dtype == nil { continue }
      if path == Receipt.fileName || Self.isWeights(path) {
        plan.notes.append("\(path) is not carried over: it is about the input's weights")
      } else {
        plan.carried.append((path, size))
      }
    }
    if let receipt, let origin = receipt.origin, options.dtype == nil {
      plan.texts.append(
        Receipt.conversion(from: origin, tie, plan, carrying: receipt.files).file)
    }
  }

  /// Whether a file would be taken for weights, or for an index of them.
  private static func isWeights(_ path: String) -> Bool {
    let endings = [
      ".safetensors", ".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx", ".index.json",
    ]
    return !path.contains("/") && endings.contains { path.hasSuffix($0) }
  }
}

extension DType {
  /// The name that torch and config.json have for it.
  var torchName: String {
    switch self {
    case .f32: "float32"
    case .bf16: "bfloat16"
    case .f16: "float16"
    default: rawValue.lowercased()
    }
  }
}

/// Recipes as weight files, and their index.
struct SafetensorsLayout {
  let layout: Checkpoint.Layout
  let isForMLX: Bool
  let limit: Int

  func plan(_ recipes: [TensorRecipe], name: String) throws(CheckpointError) -> ConversionPlan {
    let format = isForMLX ? "mlx" : "pt"
    guard layout == .folder || isForMLX else {
      return ConversionPlan(
        weights: [try SafetensorsHeaderWriter.file(name, recipes, format: format)], layout: .file)
    }
    let files = ShardSplit.split(recipes, limit: limit)
    var plan = ConversionPlan(weights: [], layout: .folder)
    for (number, file) in files.enumerated() {
      let name = ShardSplit.name(number + 1, of: files.count)
      plan.weights.append(try SafetensorsHeaderWriter.file(name, file, format: format))
    }
    // mlx-lm writes an index for one file too.
    if files.count > 1 || isForMLX {
      plan.texts.append(("model.safetensors.index.json", ShardSplit.index(files)))
    }
    return plan
  }
}
