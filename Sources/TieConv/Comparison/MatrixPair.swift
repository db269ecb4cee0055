// An embedding and a head that can be compared: same width, one perhaps transposed.

internal import TieConvIO

/// Two plain stored matrices over one hidden width.
struct MatrixPair: Sendable {
  /// One side: a file, the matrix's first byte in it, and its element type.
  struct Side: Sendable {
    let file: any ByteSource
    let offset: Int
    let dtype: DType
    /// What makes numbers of the stored bytes where these are not numbers in their own right.
    let decoder: StoredDecoder?

    /// The byte order of the stored numbers.
    let order: GGUFByteOrder

    init(
      file: any ByteSource, offset: Int, dtype: DType, decoder: StoredDecoder?,
      order: GGUFByteOrder
    ) {
      self.file = file
      self.offset = offset
      self.dtype = dtype
      self.decoder = decoder
      self.order = order
    }

    /// The numbers of a packed matrix, which are little-endian wherever they come from.
    init(_ matrix: DequantizedMatrix) {
      self.init(
        file: matrix, offset: 0, dtype: matrix.dtype,
        decoder: StoredDecoder(matrix.dtype, order: .little), order: .little)
    }

    /// The bytes that one row of `columns` elements takes in the file.
    func rowCount(_ columns: Int) -> Int {
      Int(clamping: dtype.byteCount(elements: UInt64(max(0, columns))) ?? 0)
    }
  }

  let embedding: Side
  let head: Side
  /// How the head lies. A square head counts as lying like the embedding.
  let orientation: MatrixComparison.Orientation
  /// V of each side.
  let rows: (embedding: Int, head: Int)
  /// d, the elements of one row of the embedding.
  let columns: Int

  /// The widest row that is held in memory, in elements: twenty times the widest model's. A header
  /// may claim any width, and vast ones at no cost beside a zero.
  private static let maximumColumns = 1 << 20

  /// Whether a side is packed in blocks: its numbers are known only once it is dequantized.
  var isPacked: Bool { embedding.dtype.isBlock || head.dtype.isBlock }

  /// Whether equal bytes are equal numbers.
  var isSameType: Bool { embedding.dtype == head.dtype && embedding.order == head.order }

  /// Pairs the tensors; nil where they are no matrices over one width, or their elements are
  /// narrower than a byte and not in blocks.
  init?(
    embedding: (shard: Shard, info: TensorInfo),
    head: (shard: Shard, info: TensorInfo)
  ) {
    guard let one = embedding.info.shape.matrix, let other = head.info.shape.matrix,
      embedding.info.byteCount > 0, head.info.byteCount > 0
    else { return nil }
    self.init(Self.side(embedding), one, Self.side(head), other)
  }

  /// Pairs two sides of these extents; nil where they are no matrices over one width, or their
  /// elements are narrower than a byte and not in blocks.
  init?(
    _ embedding: Side, _ one: (rows: Int, columns: Int), _ head: Side,
    _ other: (rows: Int, columns: Int)
  ) {
    guard Self.hasRows(embedding.dtype, one.columns), Self.hasRows(head.dtype, other.columns),
      one.rows > 0, other.rows > 0, one.columns > 0, one.columns <= Self.maximumColumns
    else { return nil }
    if one.columns == other.columns {
      orientation = .same
      rows = (one.rows, other.rows)
    } else if one.columns == other.rows && one.rows == other.columns {
      guard embedding.dtype.byteWidth != nil, head.dtype.byteWidth != nil else { return nil }
      orientation = .transposed
      rows = (one.rows, other.columns)
    } else {
      return nil
    }
    columns = one.columns
    self.embedding = embedding
    self.head = head
  }

  /// Pairs two tensors of one shape of any rank: the first extent counts as rows, all others
  /// together as columns, a vector as one row; rows too wide for that are cut into equal parts.
  /// Nil where shapes differ, or elements are narrower than a byte.
  init?(
    flattening one: (shard: Shard, info: TensorInfo),
    _ other: (shard: Shard, info: TensorInfo)
  ) {
    guard one.info.shape == other.info.shape, one.info.byteCount > 0, other.info.byteCount > 0
    else { return nil }
    let extents = one.info.shape.dimensions
    let count = one.info.elementCount
    let first = extents.count > 1 ? Int(clamping: extents[0]) : 1
    let width = Self.largestPart(of: count / max(1, first))
    guard Self.hasRows(one.info.dtype, width), Self.hasRows(other.info.dtype, width) else {
      return nil
    }
    columns = width
    rows = (count / width, count / width)
    orientation = .same
    embedding = Self.side(one)
    head = Self.side(other)
  }

  /// Whether a row of `columns` elements is a run of whole bytes that can be compared as such.
  private static func hasRows(_ dtype: DType, _ columns: Int) -> Bool {
    dtype.byteWidth != nil || dtype.isBlock && columns % dtype.block.elements == 0
  }

  /// The greatest divisor of `width` that is not too wide.
  private static func largestPart(of width: Int) -> Int {
    guard width > maximumColumns else { return max(1, width) }
    return (1...maximumColumns).last { width % $0 == 0 } ?? 1
  }

  static func side(_ tensor: (shard: Shard, info: TensorInfo)) -> Side {
    Side(
      file: tensor.shard.file, offset: tensor.shard.fileRange(of: tensor.info).lowerBound,
      dtype: tensor.info.dtype,
      decoder: StoredDecoder(tensor.info.dtype, order: tensor.shard.byteOrder),
      order: tensor.shard.byteOrder)
  }
}
