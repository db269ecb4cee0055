// Normalization of all rows, forward and backward.

internal import TieConvKernels

/// One normalization with its gain and bias.
struct NormPass: Sendable {
  let settings: DecoderConfiguration.Norm
  let gain: WeightMatrix
  let bias: WeightMatrix?
  let machine: Machine

  /// The normalized rows of `x`.
  func forward(_ x: FloatMatrix) -> FloatMatrix {
    let y = machine.matrix(x.rows, x.columns)
    machine.forEachRow(of: x.rows) { row in
      unsafe forwardRow(x.pointer(row), x.columns, into: y.pointer(row))
    }
    return y
  }

  private func forwardRow(
    _ x: UnsafePointer<Float>, _ n: Int, into y: UnsafeMutablePointer<Float>
  ) {
    guard let gain = unsafe gain.floats.baseAddress else { return }
    if machine.precision == .ggml, !settings.centers {
      unsafe Vectors.normalizeAsGGML(x, n, settings, gain: gain, into: y)
      return
    }
    unsafe Vectors.normalize(
      x, n, settings, gain: gain,
      bias: bias.flatMap { unsafe UnsafePointer($0.floats.baseAddress) },
      into: y)
  }

  /// Adds to `dx` and to the parameters' gradients what the gradient `dy` of the output
  /// contributes, `x` having been the input.
  func backward(
    _ x: FloatMatrix, _ dy: FloatMatrix, dx: FloatMatrix, dGain: FloatMatrix?,
    dBias: FloatMatrix?
  ) {
    // Gain and bias share one matrix of sums: one after the other.
    let n = x.columns
    let sums = machine.zeros(2, n)
    unsafe machine.sumOverRows(x.rows, into: sums) { row, sums in
      guard let gain = unsafe gain.floats.baseAddress else { return }
      unsafe Vectors.normalizeBackward(
        x.pointer(row), dy.pointer(row), n, settings, gain: gain, dx: dx.pointer(row),
        dGain: sums, dBias: sums + n)
    }
    if let dGain { unsafe Vectors.add(sums.pointer(0), n, to: dGain.pointer()) }
    if let dBias, bias != nil { unsafe Vectors.add(sums.pointer(1), n, to: dBias.pointer()) }
  }
}
