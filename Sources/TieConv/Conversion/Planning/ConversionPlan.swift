// What a conversion will write, decided before the first byte is written.

/// The files of a converted checkpoint.
struct ConversionPlan: Sendable {
  /// A weight file.
  struct WeightFile: Sendable {
    /// The path within the output; a lone file's own name.
    let name: String
    /// The file up to its data section.
    let start: [UInt8]
    /// What follows: tensors in their order, each with the zeros behind it.
    let tensors: [(recipe: TensorRecipe, padding: Int)]
  }

  /// The weight files.
  var weights: [WeightFile]
  /// Files of text that are written anew, with what is in them.
  var texts: [(name: String, text: [UInt8])] = []
  /// Files that are carried over as they are.
  var carried: [(path: String, size: Int)] = []
  /// Whether a folder is written or one file.
  var layout: Checkpoint.Layout
  /// Stored tensors that the output does not have.
  var dropped: [String] = []
  /// Tensors of the output that the input has no bytes of its own for.
  var added: [String] = []
  /// Tensors of the input that go back into the blocks that they were unpacked from.
  var packed: [String: GGMLType] = [:]
  /// Tensors of the input that came out of blocks and are no longer what these say.
  var edited: [String] = []
  /// What a reader of the report should know.
  var notes: [String] = []

  /// Every tensor that is written.
  var recipes: [TensorRecipe] { weights.flatMap { $0.tensors.map(\.recipe) } }

  /// The plan in terms of bytes.
  func outputPlan(of checkpoint: Checkpoint) -> OutputPlan {
    var files = weights.map { file in
      var pieces: [OutputPlan.Piece] = [.literal(file.start)]
      for (recipe, padding) in file.tensors {
        pieces.append(Self.piece(recipe, checkpoint))
        if padding > 0 { pieces.append(.literal([UInt8](repeating: 0, count: padding))) }
      }
      return OutputPlan.File(name: file.name, pieces: pieces).normalized
    }
    files += texts.map { OutputPlan.File(name: $0.name, pieces: [.literal($0.text)]) }
    files += carried.map {
      OutputPlan.File(name: $0.path, pieces: [.copy(file: $0.path, range: 0..<$0.size)])
    }
    return OutputPlan(files: files)
  }

  /// A tensor that stays as it is is copied by the kernel.
  private static func piece(_ recipe: TensorRecipe, _ checkpoint: Checkpoint) -> OutputPlan.Piece {
    if recipe.transforms.isEmpty, recipe.sources.count == 1,
      case .stored(let name) = recipe.sources[0], let (shard, info) = checkpoint.tensor(name),
      info.dtype == recipe.dtype, info.byteCount == recipe.byteCount, shard.byteOrder == .little
    {
      return .copy(file: shard.name, range: shard.fileRange(of: info))
    }
    return .computed(tensor: recipe.name, range: 0..<recipe.byteCount)
  }
}
