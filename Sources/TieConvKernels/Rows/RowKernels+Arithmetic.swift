// Rotary positions and sums of rows.

internal import CTieConvKernels

extension RowKernels {
  /// How a head's elements pair up for rotary positions.
  package enum RotaryPairs: Sendable {
    /// (x[i], x[i + n]): the layout of Hugging Face checkpoints.
    case halves
    /// (x[2i], x[2i + 1]): the layout of the paper (Su et al. 2021).
    case adjacent
  }

  /// Turns the n pairs of `x`, 2n elements, by the angles of which the n cosines and sines are
  /// given: (a, b) → (a·cos − b·sin, b·cos + a·sin). `inverse` turns back, as the gradient does.
  package func rotate(
    _ x: MutableRow, cosines: Row, sines: Row, pairs: RotaryPairs = .halves, inverse: Bool = false
  ) throws(KernelError) {
    try Self.check(cosines.count, sines.count)
    guard x.count.isMultiple(of: 2), x.count / 2 == cosines.count else {
      throw .unequalCounts(x.count, cosines.count)
    }
    guard let p = x.baseAddress, let c = cosines.baseAddress, let s = sines.baseAddress else {
      return
    }
    unsafe table.rotate(p, c, s, cosines.count, pairs == .adjacent ? 1 : 0, inverse ? -1 : 1)
  }

  /// y += alpha·x.
  package func add(_ x: Row, times alpha: Float = 1, to y: MutableRow) throws(KernelError) {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return }
    unsafe table.add_scaled(p, x.count, alpha, q)
  }

  /// y = alpha·x; `x` and `y` may be the same row.
  package func multiply(_ x: Row, by alpha: Float, into y: MutableRow) throws(KernelError) {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return }
    unsafe table.scale(p, x.count, alpha, q)
  }

  /// y = x·w, element by element; `y` may be either row.
  package func multiply(_ x: Row, _ w: Row, into y: MutableRow) throws(KernelError) {
    try Self.check(x.count, w.count, y.count)
    guard let p = x.baseAddress, let r = w.baseAddress, let q = y.baseAddress else { return }
    unsafe table.multiply(p, r, x.count, q)
  }

  /// y += x·w, element by element.
  package func addProduct(_ x: Row, _ w: Row, to y: MutableRow) throws(KernelError) {
    try Self.check(x.count, w.count, y.count)
    guard let p = x.baseAddress, let r = w.baseAddress, let q = y.baseAddress else { return }
    unsafe table.add_product(p, r, x.count, q)
  }
}
