// One of many products that run together.

/// One product of a batch, checked when it is made.
@safe package struct BatchedProduct: @unchecked Sendable {
  let left: MatrixOperand
  let right: MatrixOperand
  let target: ProductTarget

  /// The product scale · `a` · `b` (+ C), as `MatrixProduct.multiply` takes it.
  package init(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: UnsafeMutableBufferPointer<Float>,
    stride: Int? = nil, scale: Float = 1, accumulate: Bool = false,
    epilogue: ProductEpilogue = .none
  ) throws(KernelError) {
    guard a.columns == b.rows else { throw .unequalExtents(a.columns, b.rows) }
    left = a
    right = b
    target = try unsafe ProductTarget(
      c, rows: a.rows, columns: b.columns, stride: stride, scale: scale, accumulate: accumulate,
      epilogue: epilogue)
  }
}
