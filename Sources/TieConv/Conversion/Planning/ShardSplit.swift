// Which tensors go to which file of a folder.

/// Splits tensors into files of bounded size.
enum ShardSplit {
  /// In order, greedily: a new file where the next tensor would exceed `limit`; a tensor above the
  /// limit gets its own file. No tensors are one file too, as a folder has to have weights.
  static func split(_ recipes: [TensorRecipe], limit: Int) -> [[TensorRecipe]] {
    var files: [[TensorRecipe]] = [[]]
    var size = 0
    for recipe in recipes {
      let count = recipe.byteCount
      if size > 0, size.addingSaturated(count) > limit {
        files.append([])
        size = 0
      }
      files[files.count - 1].append(recipe)
      size = size.addingSaturated(count)
    }
    return files
  }

  /// `model.safetensors`, or `model-00001-of-00002.safetensors`.
  static func name(
    _ number: Int, of count: Int, stem: String = "model", ending: String = ".safetensors"
  ) -> String {
    guard count > 1 else { return stem + ending }
    return "\(stem)-\(padded(number))-of-\(padded(count))\(ending)"
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  /// The index of `files`, with exact totals.
  static func index(_ files: [[TensorRecipe]]) -> [UInt8] {
    var tensors: [(tensor: String, shard: String)] = []
    var size = 0
    var parameters = 0
    for (number, file) in files.enumerated() {
      for recipe in file {
        tensors.append((recipe.name, name(number + 1, of: files.count)))
        size = size.addingSaturated(recipe.byteCount)
        parameters = parameters.addingSaturated(recipe.elementCount)
      }
    }
    return SafetensorsIndexEdit.rebuilt(tensors: tensors, size: size, parameters: parameters)
  }
}
