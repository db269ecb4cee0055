// Matrix products of activations and weights.

internal import TieConvKernels

extension Machine {
  private var productPrecision: ProductPrecision { precision == .bf16 ? .bf16 : .f32 }

  /// Writes alpha · `a` · `b` into `target` from (`row`, `column`) on, plus what stands there where
  /// it accumulates, plus the bias.
  func multiply(
    _ a: MatrixOperand, _ b: MatrixOperand, into target: FloatMatrix, row: Int = 0,
    column: Int = 0, alpha: Float = 1, bias: WeightMatrix? = nil, accumulates: Bool = false
  ) throws(KernelError) {
    let start = row * target.columns + column
    guard start <= target.count else { throw .outsideBlock(bytes: target.count) }
    let part = unsafe UnsafeMutableBufferPointer(rebasing: target.elements[start...])
    let epilogue = bias.map { unsafe ProductEpilogue.bias(UnsafeBufferPointer($0.floats)) }
    try unsafe MatrixProduct.multiply(
      a, b, into: part, stride: target.columns, scale: alpha, accumulate: accumulates,
      epilogue: epilogue ?? .none, precision: productPrecision, pool: pool)
  }

  /// Writes alpha · x Wᵀ, plus what stands in `target` where it accumulates, plus the bias.
  func multiply(
    _ x: FloatMatrix, _ weights: WeightMatrix?, into target: FloatMatrix,
    bias: WeightMatrix? = nil, alpha: Float = 1, accumulates: Bool = false
  ) throws(KernelError) {
    guard let weights else { throw .unequalExtents(x.columns, 0) }
    try multiply(
      x.operand(), weights.operand().transposed, into: target, alpha: alpha, bias: bias,
      accumulates: accumulates)
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
