// Matrix products of activations and weights.

internal import TieConvKernels

extension Machine {
  private var productPrecision: ProductPrecision { precision == .bf16 ? .bf16 : .f32 }

  /// Writes alpha · `a` · `b` into `target` from (`row`, `column`) on, plus what stands there where
  /// it accumulates, plus the bias.
  func multiply(
    _ a: MatrixOperand, _ b: MatrixOperand, into target: FloatMatrix, row: Int = 0,
    column: Int = 0, alpha: Float = 1, epilogue: ProductEpilogue = .none, accumulates: Bool = false
  ) throws(KernelError) {
    let start = row * target.columns + column
    guard start <= target.count else { throw .outsideBlock(bytes: target.count) }
    let part = unsafe UnsafeMutableBufferPointer(rebasing: target.elements[start...])
    try unsafe MatrixProduct.multiply(
      a, b, into: part, stride: target.columns, scale: alpha, accumulate: accumulates,
      epilogue: epilogue, precision: productPrecision, pool: pool)
  }

  /// Writes alpha · x Wᵀ, plus what stands in `target` where it accumulates, plus the bias; `x`
  /// rounded as the weights ask for.
  func multiply(
    _ x: FloatMatrix, _ weights: WeightMatrix?, into target: FloatMatrix,
    bias: WeightMatrix? = nil, alpha: Float = 1, accumulates: Bool = false
  ) throws(KernelError) {
    guard let weights else { throw .unequalExtents(x.columns, 0) }
    for stretch in weights.stretches {
      let columns = stretch.rows
      let epilogue = bias.map { bias in
        unsafe ProductEpilogue.bias(UnsafeBufferPointer(rebasing: bias.floats[columns]))
      }
      try multiply(
        rounded(x, to: stretch.rounding).operand(), weights.operand(rows: columns).transposed,
        into: target, column: columns.lowerBound, alpha: alpha, epilogue: epilogue ?? .none,
        accumulates: accumulates)
    }
    if let minima = weights.minima {
      let excess = matrix(x.rows, minima.columns)
      forEachRow(of: x.rows) { row in
        unsafe Vectors.sumExcess(x.pointer(row), x.columns, into: excess.pointer(row))
      }
      try multiply(
        excess.operand(), minima.operand().transposed, into: target, alpha: alpha,
        accumulates: true)
    }
  }

  /// The rows of `x`, rounded; `x` itself where there is nothing to round to.
  func rounded(_ x: FloatMatrix, to rounding: RowRounding?) -> FloatMatrix {
    guard let rounding else { return x }
    let made = matrix(x.rows, x.columns)
    forEachRow(of: x.rows) { row in
      unsafe Vectors.round(x.pointer(row), x.columns, to: rounding, into: made.pointer(row))
    }
    return made
  }

  /// Writes dy W, the gradient of x in x Wᵀ, plus what stands in `target` where it accumulates.
  func multiplyBack(
    _ dy: FloatMatrix, _ weights: WeightMatrix?, into target: FloatMatrix,
    accumulates: Bool = false
  ) throws(KernelError) {
    guard let weights else { throw .unequalExtents(dy.columns, 0) }
    try multiply(dy.operand(), weights.operand(), into: target, accumulates: accumulates)
  }
}
