// Where a product goes, checked.

internal import CTieConvKernels

@safe struct ProductTarget: @unchecked Sendable {
  let data: UnsafeMutablePointer<Float>?
  let rows: Int
  let columns: Int
  let stride: Int
  let scale: Float
  let accumulate: Bool
  let bias: UnsafePointer<Float>?

  init(
    _ c: UnsafeMutableBufferPointer<Float>, rows: Int, columns: Int, stride: Int?, scale: Float,
    accumulate: Bool, epilogue: ProductEpilogue
  ) throws(KernelError) {
    let stride = stride ?? columns
    try MatrixExtent.check(rows: rows, columns: columns, stride: stride, elements: c.count)
    switch epilogue {
    case .none: unsafe bias = nil
    case .bias(let values):
      guard values.count == columns else { throw .unequalExtents(values.count, columns) }
      unsafe bias = values.baseAddress
    }
    unsafe data = c.baseAddress
    self.rows = rows
    self.columns = columns
    self.stride = stride
    self.scale = scale
    self.accumulate = accumulate
  }

  /// A tile of the target for one depth block: the first one may overwrite, the last adds the bias.
  func tile(
    rows: Range<Int>, columns: Range<Int>, isFirst: Bool, isLast: Bool
  ) -> tc_target {
    unsafe tc_target(
      data: data.map { unsafe $0 + rows.lowerBound * stride + columns.lowerBound },
      stride: stride, rows: rows.count, columns: columns.count, alpha: scale,
      accumulate: accumulate || !isFirst ? 1 : 0,
      bias: isLast ? bias.map { unsafe $0 + columns.lowerBound } : nil)
  }
}
