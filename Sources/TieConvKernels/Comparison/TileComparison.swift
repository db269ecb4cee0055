// Comparing a matrix with the transpose of another, and transposing.

internal import CTieConvKernels

/// A rows × columns tile of elements of 1, 2, 4 or 8 bytes, whose other operand is columns × rows.
package struct TileComparison: Equatable, Sendable {
  /// Where a and the transpose of b first differ, in a's row-major order.
  package struct Position: Equatable, Sendable {
    package let row: Int
    package let column: Int
  }

  package let rows: Int
  package let columns: Int
  package let elementSize: Int

  package init(rows: Int, columns: Int, elementSize: Int) throws(KernelError) {
    guard [1, 2, 4, 8].contains(elementSize) else { throw .elementSize(elementSize) }
    guard rows >= 0, columns >= 0, !rows.multipliedReportingOverflow(by: columns).overflow else {
      throw .outsideBlock(bytes: 0)
    }
    self.rows = rows
    self.columns = columns
    self.elementSize = elementSize
  }

  /// Compares `a` (rows × columns, `strideA` bytes from row to row) with the transpose of `b`
  /// (columns × rows). Nil if equal.
  package func firstMismatch(
    _ a: RawSpan, strideA: Int, transposed b: RawSpan, strideB: Int, kernels: KernelSet = .best
  ) throws(KernelError) -> Position? {
    try Self.check(a.byteCount, rows, columns, strideA, elementSize)
    try Self.check(b.byteCount, columns, rows, strideB, elementSize)
    guard rows > 0, columns > 0 else { return nil }
    let found = unsafe a.withUnsafeBytes { p in
      unsafe b.withUnsafeBytes { q in
        unsafe kernels.table.transposed_mismatch(
          tc_rows(data: p.baseAddress, stride: strideA),
          tc_rows(data: q.baseAddress, stride: strideB), rows, columns, elementSize)
      }
    }
    guard found < rows * columns else { return nil }
    return Position(row: found / columns, column: found % columns)
  }

  /// Writes the transpose of `source` (rows × columns) to `target` (columns × rows).
  package func transpose(
    _ source: RawSpan, stride: Int, into target: inout MutableRawSpan, targetStride: Int,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    try Self.check(source.byteCount, rows, columns, stride, elementSize)
    try Self.check(target.byteCount, columns, rows, targetStride, elementSize)
    guard rows > 0, columns > 0 else { return }
    unsafe source.withUnsafeBytes { p in
      unsafe target.withUnsafeMutableBytes { q in
        unsafe kernels.table.transpose(
          tc_rows(data: p.baseAddress, stride: stride), q.baseAddress, targetStride, rows, columns,
          elementSize)
      }
    }
  }

  // The last row needs only its own elements, not a whole stride.
  private static func check(
    _ bytes: Int, _ rows: Int, _ columns: Int, _ stride: Int, _ size: Int
  ) throws(KernelError) {
    guard rows > 0, columns > 0 else { return }
    let (row, rowOverflow) = columns.multipliedReportingOverflow(by: size)
    let (before, overflow) = (rows - 1).multipliedReportingOverflow(by: stride)
    let (end, endOverflow) = before.addingReportingOverflow(row)
    let fits = !rowOverflow && !overflow && !endOverflow && stride >= row && end <= bytes
    guard fits else { throw .outsideBlock(bytes: bytes) }
  }
}
