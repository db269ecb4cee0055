// Activations, gated or not, the soft cap, and their gradients.

internal import CTieConvKernels

extension RowKernels {
  /// y = a(gate)·up, or a(gate) if `up` is nil.
  package func activate(
    _ activation: Activation, gate: Row, up: Row?, into y: MutableRow
  ) throws(KernelError) {
    try unsafe Self.check(gate.count, up?.count ?? gate.count, y.count)
    guard let p = gate.baseAddress, let q = y.baseAddress else { return }
    unsafe table.activation(activation.code, p, up?.baseAddress, gate.count, q)
  }

  /// dGate = dy·up·a′(gate), and dUp = dy·a(gate) unless nil. They may be the rows `gate`, `up`.
  package func activationGradient(
    _ activation: Activation, gate: Row, up: Row?, dy: Row, dGate: MutableRow, dUp: MutableRow?
  ) throws(KernelError) {
    try unsafe Self.check(
      gate.count, up?.count ?? gate.count, dy.count, dGate.count, dUp?.count ?? gate.count)
    guard let p = gate.baseAddress, let d = dy.baseAddress, let q = dGate.baseAddress else {
      return
    }
    unsafe table.activation_gradient(
      activation.code, p, up?.baseAddress, d, gate.count, q, dUp?.baseAddress)
  }

  /// y = cap·tanh(x/cap); `x` and `y` may be the same row.
  package func softCap(_ x: Row, cap: Float, into y: MutableRow) throws(KernelError) {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return }
    unsafe table.soft_cap(p, x.count, cap, q)
  }

  /// dx = dy·(1 − (y/cap)²), with y = cap·tanh(x/cap).
  package func softCapGradient(
    capped y: Row, dy: Row, cap: Float, dx: MutableRow
  ) throws(KernelError) {
    try Self.check(y.count, dy.count, dx.count)
    guard let p = y.baseAddress, let d = dy.baseAddress, let q = dx.baseAddress else { return }
    unsafe table.soft_cap_gradient(p, d, y.count, cap, q)
  }
}
