// From recipes to bytes: opens what a recipe names.

internal import TieConvIO
internal import TieConvKernels

/// Makes readable tensors out of recipes.
struct RecipeResolver: Sendable {
  let checkpoint: Checkpoint
  /// Whether in the place of packed numbers stand the minima of their blocks.
  var readsMinima = false

  /// The tensor that `recipe` describes.
  ///
  /// - Throws: `unsupportedFormat` where elements are packed in a way that is not unpacked;
  ///   `invalidTensorEntry` where the stored shape is not what the recipe takes it for.
  func tensor(_ recipe: TensorRecipe) throws(CheckpointError) -> any ByteSource {
    guard recipe.dtype.isBlock, let type = GGMLType(recipe.dtype) else {
      return try plainTensor(recipe)
    }
    if recipe.transforms.isEmpty, recipe.sources.count == 1,
      case .stored(let name) = recipe.sources[0], let (shard, info) = checkpoint.tensor(name),
      info.dtype == recipe.dtype, info.shape == recipe.shape, shard.byteOrder == .little
    {
      return TensorBytes(shard, info)
    }
    if let blocks = try encodedBlocks(recipe, type) { return blocks }
    throw CheckpointError(
      .unsupportedFormat, file: checkpoint.path, tensor: recipe.name,
      "nothing is packed into this type", found: recipe.dtype.rawValue)
  }

  /// The blocks of `type` that the numbers of `recipe` came out of; nil where there is no encoder,
  /// or rows do not fill blocks.
  func encodedBlocks(
    _ recipe: TensorRecipe, _ type: GGMLType
  ) throws(CheckpointError) -> EncodedBlocks? {
    guard let width = recipe.shape.dimensions.last,
      width.isMultiple(of: UInt64(type.blockElements))
    else { return nil }
    var plain = recipe
    plain.dtype = .f32
    return EncodedBlocks(try plainTensor(plain), type)
  }

  /// The tensor that `recipe` describes, its numbers plain.
  ///
  /// - Throws: as `tensor(_:)` does.
  func plainTensor(_ recipe: TensorRecipe) throws(CheckpointError) -> ConvertedTensor {
    var parts: [ConvertedTensor.Part] = []
    var stored: (dtype: DType, columns: Int)?
    for source in recipe.sources {
      let (part, dtype, columns) = try opened(source, of: recipe)
      guard stored == nil || stored?.dtype == dtype && stored?.columns == columns else {
        throw fault(recipe, "parts of one tensor differ in type or width")
      }
      stored = (dtype, columns)
      parts.append(part)
    }
    guard let stored else { throw fault(recipe, "a tensor made of nothing") }
    var layout = RowLayout(rows: parts.reduce(0) { $0.addingSaturated($1.rows) })
    var isTransposed = false
    var addend: Float = 0
    for transform in recipe.transforms {
      switch transform {
      case .transpose: isTransposed.toggle()
      case .add(let constant): addend += constant
      case .rows, .swapRows:
        guard !isTransposed, layout.apply(transform) else {
          throw fault(recipe, "rows do not fit what is known of the model")
        }
      }
    }
    guard ElementCast.isPossible(from: stored.dtype, to: recipe.dtype) else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: recipe.name,
        "no conversion of these elements", found: stored.dtype.rawValue,
        expected: recipe.dtype.rawValue)
    }
    let cast = ElementCast(
      source: stored.dtype, target: recipe.dtype, addend: addend, name: recipe.name)
    let tensor = ConvertedTensor(
      name: recipe.name, parts: parts, columns: stored.columns, layout: layout,
      isTransposed: isTransposed, cast: cast)
    guard let tensor, tensor.size == recipe.byteCount else {
      throw fault(recipe, "shape is not what is known of the model")
    }
    return tensor
  }

  private func opened(
    _ source: TensorRecipe.Source, of recipe: TensorRecipe
  ) throws(CheckpointError) -> (ConvertedTensor.Part, DType, Int) {
    switch source {
    case .numbers(let values):
      let part = ConvertedTensor.Part(
        source: NumberSource(recipe.name, values), offset: 0, rows: values.count)
      return (part, .f32, 1)
    case .packed(let stem):
      guard let matrix = try DequantizedMatrix(stem: stem, in: checkpoint) else {
        throw fault(recipe, "\(stem) is not stored")
      }
      let part = ConvertedTensor.Part(source: matrix, offset: 0, rows: matrix.rows)
      return (part, matrix.dtype, matrix.columns)
    case .stored(let name):
      guard let plain = try PlainTensor(name, in: checkpoint, minima: readsMinima) else {
        throw fault(recipe, "\(name) is not stored")
      }
      let rows = Int(clamping: plain.shape.dimensions.first ?? 1)
      let count = Int(clamping: plain.shape.elementCount ?? 0)
      let columns = rows > 0 ? count / rows : 0
      let part = ConvertedTensor.Part(source: plain.source, offset: plain.offset, rows: rows)
      return (part, plain.dtype, columns)
    }
  }

  private func fault(_ recipe: TensorRecipe, _ message: String) -> CheckpointError {
    CheckpointError(
      .invalidTensorEntry, file: checkpoint.path, tensor: recipe.name, message,
      found: "\(recipe.shape)")
  }
}

/// A stored tensor as plain numbers, one after another.
struct PlainTensor {
  let source: any ByteSource
  let offset: Int
  let dtype: DType
  let shape: Shape

  /// The tensor called `name`; nil where it is not stored.
  init?(
    _ name: String, in checkpoint: Checkpoint, minima: Bool = false
  ) throws(CheckpointError) {
    guard let (shard, info) = checkpoint.tensor(name) else { return nil }
    if let decoded = try DequantizedBlocks(shard, info, minima: minima) {
      source = decoded
      offset = 0
      dtype = checkpoint.plainDType(of: info)
      shape = info.shape
      return
    }
    source = shard.file
    offset = shard.fileRange(of: info).lowerBound
    dtype = info.dtype
    shape = info.shape
  }
}

/// Numbers in memory as a source of bytes.
final class NumberSource: ByteSource {
  let path: String
  let permissions: UInt32 = 0o666
  private let bytes: [UInt8]

  init(_ name: String, _ values: [Float]) {
    path = name
    bytes = values.flatMap { value in
      let bits = value.bitPattern
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }
  }

  var size: Int { bytes.count }

  func checkUnchanged() {}

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    try checkBounds(buffer.count, at: offset)
    unsafe buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
  }
}
