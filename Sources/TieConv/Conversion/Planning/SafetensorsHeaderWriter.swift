// The header of a new safetensors file, laid out as the reference writer lays it out.

/// Writes headers of files that are made of recipes.
enum SafetensorsHeaderWriter {
  /// Recipes in the order of their bytes: widest alignment first, then by name.
  static func ordered(_ recipes: [TensorRecipe]) -> [TensorRecipe] {
    let ranks = Dictionary(
      uniqueKeysWithValues: DType.allCases.enumerated().map { ($1, $0) })
    return recipes.sorted { one, other in
      let (left, right) = (ranks[one.dtype] ?? 0, ranks[other.dtype] ?? 0)
      return left != right ? left > right : one.name.utf8Precedes(other.name)
    }
  }

  /// A weight file of `recipes`, with `format` under `__metadata__`, which transformers 4 insists on.
  static func file(
    _ name: String, _ recipes: [TensorRecipe], format: String
  ) throws(CheckpointError) -> ConversionPlan.WeightFile {
    let ordered = ordered(recipes)
    var members: [(String, JSONText)] = [("__metadata__", ["format": .string(format)])]
    var names: Set<TokenText> = []
    var offset = 0
    for recipe in ordered {
      guard recipe.dtype.isInSafetensors, names.insert(TokenText(recipe.name)).inserted,
        case let (end, overflow) = offset.addingReportingOverflow(recipe.byteCount), !overflow
      else {
        throw CheckpointError(
          .unsupportedFormat, tensor: recipe.name, "safetensors cannot hold this tensor",
          found: recipe.dtype.rawValue)
      }
      members.append(
        (
          recipe.name,
          [
            "dtype": .string(recipe.dtype.rawValue),
            "shape": .array(recipe.shape.dimensions.map { .integer(Int(clamping: $0)) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]
        ))
      offset = end
    }
    let start = SafetensorsHeaderEdit.framed(Array(JSONText.object(members).compact.utf8))
    guard start.count <= SafetensorsHeader.maximumLength else {
      throw CheckpointError(
        .tooLarge, "a header of \(start.count) bytes is more than readers accept",
        hint: "--max-shard-size spreads the tensors over more files")
    }
    return ConversionPlan.WeightFile(
      name: name, start: start, tensors: ordered.map { ($0, 0) })
  }
}
