// Normalisation of a row and its gradient.

internal import CTieConvKernels

extension RowKernels {
  /// y = x·r·(offset + weight) with r = 1/√(mean x² + epsilon) (Zhang & Sennrich 2019), and r. The
  /// offset is 1 where a family stores its weights around 0.
  @discardableResult package func rmsNorm(
    _ x: Row, weight: Row, epsilon: Float, offset: Float = 0, into y: MutableRow
  ) throws(KernelError) -> Float {
    try Self.check(x.count, weight.count, y.count)
    guard let p = x.baseAddress, let w = weight.baseAddress, let q = y.baseAddress else { return 0 }
    return unsafe table.rms_norm(p, w, x.count, epsilon, offset, q)
  }

  /// Adds to `dx`, and to `dWeight` unless nil, the gradients of `rmsNorm` that returned `r`, where
  /// `dy` is the gradient of its result.
  package func rmsNormGradient(
    _ x: Row, weight: Row, dy: Row, r: Float, offset: Float = 0, dx: MutableRow,
    dWeight: MutableRow?
  ) throws(KernelError) {
    try unsafe Self.check(x.count, weight.count, dy.count, dx.count, dWeight?.count ?? x.count)
    guard let p = x.baseAddress, let w = weight.baseAddress, let d = dy.baseAddress,
      let q = dx.baseAddress
    else { return }
    unsafe table.rms_norm_gradient(p, w, d, x.count, r, offset, q, dWeight?.baseAddress)
  }

  /// y = (x − mean)·r·weight (+ bias) with r = 1/√(variance + epsilon) (Ba, Kiros & Hinton 2016),
  /// and mean and r.
  @discardableResult package func layerNorm(
    _ x: Row, weight: Row, bias: Row?, epsilon: Float, into y: MutableRow
  ) throws(KernelError) -> (mean: Float, r: Float) {
    try unsafe Self.check(x.count, weight.count, bias?.count ?? x.count, y.count)
    guard let p = x.baseAddress, let w = weight.baseAddress, let q = y.baseAddress else {
      return (0, 0)
    }
    var mean: Float = 0
    var r: Float = 0
    unsafe table.layer_norm(p, w, bias?.baseAddress, x.count, epsilon, q, &mean, &r)
    return (mean, r)
  }

  /// Adds to `dx`, and to `dWeight` and `dBias` unless nil, the gradients of `layerNorm` that
  /// returned `mean` and `r`.
  package func layerNormGradient(
    _ x: Row, weight: Row, dy: Row, mean: Float, r: Float, dx: MutableRow, dWeight: MutableRow?,
    dBias: MutableRow?
  ) throws(KernelError) {
    try unsafe Self.check(
      x.count, weight.count, dy.count, dx.count, dWeight?.count ?? x.count,
      dBias?.count ?? x.count)
    guard let p = x.baseAddress, let w = weight.baseAddress, let d = dy.baseAddress,
      let q = dx.baseAddress
    else { return }
    unsafe table.layer_norm_gradient(
      p, w, d, x.count, mean, r, q, dWeight?.baseAddress, dBias?.baseAddress)
  }
}
