// Softmax and log-sum-exp, in pieces that a caller puts together block by block.

internal import CTieConvKernels

extension RowKernels {
  /// The largest element: −∞ of an empty row, NaN if there is one.
  package func maximum(_ x: Row) -> Float {
    guard let p = x.baseAddress else { return -.infinity }
    return unsafe table.maximum(p, x.count)
  }

  /// y = e^(x·scale − shift), within 2 units in the last place where x·scale − shift is exact, and
  /// the sum of y. `x` and `y` may be the same row.
  @discardableResult package func exponentials(
    _ x: Row, scale: Float = 1, shift: Float, into y: MutableRow
  ) throws(KernelError) -> Float {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return 0 }
    return unsafe table.exponentials(p, x.count, scale, shift, q)
  }

  /// Σ e^(x·scale − shift), the bits that `exponentials` returns.
  package func exponentialSum(_ x: Row, scale: Float = 1, shift: Float) -> Float {
    guard let p = x.baseAddress else { return 0 }
    return unsafe table.exponential_sum(p, x.count, scale, shift)
  }

  /// Σ x·y.
  package func dot(_ x: Row, _ y: Row) throws(KernelError) -> Float {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return 0 }
    return unsafe table.dot(p, q, x.count)
  }

  /// Replaces a row by softmax(x·scale), scale ≥ 0, and returns log Σ e^(x·scale)'s parts: the
  /// largest x·scale, and Σ e^(x·scale − largest).
  @discardableResult package func softmax(
    _ x: MutableRow, scale: Float = 1
  ) throws(KernelError) -> (maximum: Float, sum: Float) {
    let row = Row(x)
    let most = unsafe maximum(row) * scale
    let sum = try unsafe exponentials(row, scale: scale, shift: most, into: x)
    try unsafe multiply(row, by: 1 / sum, into: x)
    return (most, sum)
  }

  /// dx = p·(dp − dot)·scale: the gradient of softmax(x·scale) with the probabilities `p` and
  /// `dot` = Σ p·dp.
  package func softmaxGradient(
    _ p: Row, dp: Row, dot: Float, scale: Float = 1, dx: MutableRow
  ) throws(KernelError) {
    try Self.check(p.count, dp.count, dx.count)
    guard let x = p.baseAddress, let d = dp.baseAddress, let q = dx.baseAddress else { return }
    unsafe table.softmax_gradient(x, d, p.count, dot, scale, q)
  }
}
