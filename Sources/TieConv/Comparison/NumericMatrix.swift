// A stored matrix, plain or packed, whose rows are wanted as F32.

internal import TieConvIO
internal import TieConvKernels

/// Rows and columns of numbers that F32 holds exactly.
struct NumericMatrix: Sendable {
  let side: MatrixPair.Side
  let rows: Int
  let columns: Int
  private let kind: ElementKind

  /// The matrix, or vector as one row, called `name`; nil where it is not stored, or its numbers
  /// are none that F32 holds.
  init?(_ name: String, in checkpoint: Checkpoint) {
    guard let (shard, info) = checkpoint.tensor(name) else { return nil }
    self.init(shard, info)
  }

  init?(_ shard: Shard, _ info: TensorInfo) {
    guard info.byteCount > 0, let matrix = info.shape.matrix else { return nil }
    self.init(MatrixPair.side((shard, info)), rows: matrix.rows, columns: matrix.columns)
  }

  /// The numbers of a packed matrix.
  init?(_ matrix: DequantizedMatrix) {
    self.init(MatrixPair.Side(matrix), rows: matrix.rows, columns: matrix.columns)
  }

  private init?(_ side: MatrixPair.Side, rows: Int, columns: Int) {
    guard side.order == .little, let kind = ElementKind(side.dtype), kind != .f64, columns > 0,
      columns <= PackedFamily.maximumColumns
    else { return nil }
    self.side = side
    self.rows = rows
    self.columns = columns
    self.kind = kind
  }

  /// The numbers of `rows`, row by row.
  func values(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    let row = columns * kind.byteWidth
    let start = side.offset + rows.lowerBound * row
    return try widened(try side.file.bytes(in: start..<start + rows.count * row))
  }

  /// The numbers of `columns` of every row, row by row.
  func strip(columns: Range<Int>) throws(IOFailure) -> [Float] {
    let stored = StoredMatrix(
      source: side.file, offset: side.offset, dtype: side.dtype, rows: rows,
      columns: self.columns, rowBytes: self.columns * kind.byteWidth)
    return try widened(try stored.strip(columns: columns))
  }

  private func widened(_ bytes: [UInt8]) throws(IOFailure) -> [Float] {
    var values = [Float](repeating: 0, count: bytes.count / kind.byteWidth)
    try decoding(side.file.path) { () throws(KernelError) in
      var span = values.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &span)
    }
    return values
  }
}
