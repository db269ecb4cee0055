// A matrix as a factor of a product: where it lies, in memory of ours or of a mapped file.

internal import CTieConvKernels

/// A matrix of BF16, F16 or F32 elements in row-major order, or the transpose of one. It owns
/// nothing: the bytes must outlive it. They need no alignment.
@safe package struct MatrixOperand: @unchecked Sendable {
  let data: UnsafeRawPointer?
  let kind: ElementKind
  /// The stored matrix.
  let storedRows: Int
  let storedColumns: Int
  /// Elements from row to row of the stored matrix.
  let rowStride: Int
  /// Whether the factor is the transpose of what is stored.
  package let isTransposed: Bool

  /// The rows and columns of the factor.
  package var rows: Int { isTransposed ? storedColumns : storedRows }
  package var columns: Int { isTransposed ? storedRows : storedColumns }

  /// The matrix of `rows` × `columns` elements at the start of `bytes`, `rowStride` elements from
  /// row to row (the columns if nil); its transpose, if `transposed`. Refuses bytes that do not
  /// hold it, and kinds other than BF16, F16 and F32.
  package init(
    _ bytes: UnsafeRawBufferPointer, kind: ElementKind, rows: Int, columns: Int,
    rowStride: Int? = nil, transposed: Bool = false
  ) throws(KernelError) {
    guard [.f32, .bf16, .f16].contains(kind) else { throw .noProduct(kind) }
    let stride = rowStride ?? columns
    try MatrixExtent.check(
      rows: rows, columns: columns, stride: stride, elements: bytes.count / kind.byteWidth)
    unsafe data = bytes.baseAddress
    self.kind = kind
    storedRows = rows
    storedColumns = columns
    self.rowStride = stride
    isTransposed = transposed
  }

  /// A matrix of floats.
  package init(
    _ floats: UnsafeBufferPointer<Float>, rows: Int, columns: Int, rowStride: Int? = nil,
    transposed: Bool = false
  ) throws(KernelError) {
    try unsafe self.init(
      UnsafeRawBufferPointer(floats), kind: .f32, rows: rows, columns: columns,
      rowStride: rowStride, transposed: transposed)
  }

  /// The transpose.
  package var transposed: MatrixOperand {
    MatrixOperand(self, isTransposed: !isTransposed)
  }

  private init(_ other: MatrixOperand, isTransposed: Bool) {
    unsafe data = other.data
    kind = other.kind
    storedRows = other.storedRows
    storedColumns = other.storedColumns
    rowStride = other.rowStride
    self.isTransposed = isTransposed
  }

  /// The part of the factor from (row, column) on, lines running along its rows; or, as a right
  /// factor, along its columns.
  func lines(fromRow row: Int, column: Int, alongColumns: Bool) -> tc_matrix {
    let (down, across) = isTransposed ? (1, rowStride) : (rowStride, 1)
    let start = unsafe data.map { unsafe $0 + (row * down + column * across) * kind.byteWidth }
    return unsafe tc_matrix(
      data: start, kind: kind.code, row_step: alongColumns ? across : down,
      column_step: alongColumns ? down : across)
  }
}

/// Whether elements that were counted hold a matrix.
enum MatrixExtent {
  // The last row needs only its own elements, not a whole stride.
  static func check(
    rows: Int, columns: Int, stride: Int, elements: Int
  ) throws(KernelError) {
    guard rows >= 0, columns >= 0, stride >= columns else { throw .outsideBlock(bytes: elements) }
    guard rows > 0, columns > 0 else { return }
    let (before, overflow) = (rows - 1).multipliedReportingOverflow(by: stride)
    let (end, endOverflow) = before.addingReportingOverflow(columns)
    guard !overflow, !endOverflow, end <= elements else { throw .outsideBlock(bytes: elements) }
  }
}
