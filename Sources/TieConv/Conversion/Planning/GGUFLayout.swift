// Recipes and metadata as GGUF files: one, or parts as llama-gguf-split makes them.

/// Lays out a GGUF model.
struct GGUFLayout {
  let metadata: GGUFMetadata
  /// The most bytes of tensors that one part gets; nil for one file.
  let limit: Int?

  /// Whether one file is written or a folder of parts.
  var layout: Checkpoint.Layout { limit == nil ? .file : .folder }

  /// The files of the model that goes to a place called `name`.
  func files(
    _ name: String, _ recipes: [TensorRecipe]
  ) throws(CheckpointError) -> [ConversionPlan.WeightFile] {
    guard let limit else { return [try Self.file(name, metadata, recipes)] }
    let stem = name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
    let parts = ShardSplit.split(recipes, limit: limit)
    // Parts are counted in 16 bits.
    guard parts.count <= UInt16.max else {
      throw CheckpointError(
        .tooLarge, "a model of \(parts.count) parts", expected: "at most \(UInt16.max)",
        hint: "--max-shard-size takes more")
    }
    guard parts.count > 1 else { return [try Self.file("\(stem).gguf", metadata, recipes)] }
    var files: [ConversionPlan.WeightFile] = []
    for (number, part) in parts.enumerated() {
      var keys = number == 0 ? metadata : GGUFMetadata()
      keys[GGUFSplit.numberKey] = .uint16(UInt16(number))
      keys[GGUFSplit.countKey] = .uint16(UInt16(parts.count))
      keys[GGUFSplit.tensorCountKey] = .int32(Int32(clamping: recipes.count))
      keys[GGUFHeader.alignmentKey] = metadata[GGUFHeader.alignmentKey]
      let name = ShardSplit.name(number + 1, of: parts.count, stem: stem, ending: ".gguf")
      files.append(try Self.file(name, keys, part))
    }
    return files
  }

  private static func file(
    _ name: String, _ metadata: GGUFMetadata, _ recipes: [TensorRecipe]
  ) throws(CheckpointError) -> ConversionPlan.WeightFile {
    let header = try GGUFHeaderWriter(
      metadata: metadata,
      tensors: recipes.map {
        GGUFHeaderWriter.Tensor(
          name: $0.name, shape: $0.shape, type: GGMLType(name: $0.dtype.rawValue) ?? .f32)
      }
    ).header()
    var ends = header.tensors.dropFirst().map(\.offset)
    ends.append(header.dataCount)
    let tensors = zip(zip(recipes, header.tensors), ends).map { pair, end in
      (recipe: pair.0, padding: end - pair.1.offset - pair.1.byteCount)
    }
    return ConversionPlan.WeightFile(name: name, start: header.bytes, tensors: tensors)
  }

  // MARK: Types

  /// The key of the type that most matrices have.
  static let fileTypeKey = "general.file_type"

  /// Vectors, norms and positions are F32, as llama.cpp's kernels want them.
  static func isAlwaysF32(_ name: String, rank: Int) -> Bool {
    rank <= 1 || name.hasSuffix("_norm.weight") || !name.hasSuffix(".weight")
      || name == "position_embd.weight"
  }

  /// `general.file_type` (llama.cpp's `llama_ftype`): the type that most of the matrices have.
  static func fileType(of recipes: [TensorRecipe]) -> UInt32 {
    var counts: [DType: Int] = [:]
    for recipe in recipes where recipe.shape.rank > 1 {
      counts[recipe.dtype, default: 0] += recipe.elementCount
    }
    let most = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    switch most {
    case .f16: return 1
    case .q4_0: return 2
    case .q4_1: return 3
    case .q8_0: return 7
    case .q5_0: return 8
    case .q5_1: return 9
    case .q6K: return 18
    case .bf16: return 32
    default: return 0
    }
  }
}
