// The operations of VectorReference by the row kernels.

internal import TieConvKernels

/// Operations on vectors of floats, at the machine's speed. Every row here is made of one count, so
/// that the kernels' own check of counts never fails.
enum VectorKernels {
  typealias Source = UnsafePointer<Float>
  typealias Target = UnsafeMutablePointer<Float>

  private static let rows = RowKernels.best

  private static func row(_ x: Source, _ n: Int) -> UnsafeBufferPointer<Float> {
    unsafe UnsafeBufferPointer(start: x, count: n)
  }

  private static func row(_ x: Target, _ n: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: x, count: n)
  }

  private static func source(_ x: Target, _ n: Int) -> UnsafeBufferPointer<Float> {
    unsafe UnsafeBufferPointer(start: x, count: n)
  }

  // MARK: Normalization

  static func normalize(
    _ x: Source, _ n: Int, _ norm: DecoderConfiguration.Norm, gain: Source, bias: Source?,
    into y: Target
  ) {
    if norm.centers {
      _ = unsafe try? rows.layerNorm(
        row(x, n), weight: row(gain, n), bias: bias.map { unsafe row($0, n) },
        epsilon: norm.epsilon,
        into: unsafe row(y, n))
    } else {
      _ = unsafe try? rows.rmsNorm(
        row(x, n), weight: row(gain, n), epsilon: norm.epsilon, offset: norm.gainOffset,
        into: row(y, n))
    }
  }

  /// RMSNorm with the roundings of ggml's: the mean and its root are F32. A model that was packed is
  /// full of ties between codes, which the last bit decides.
  static func normalizeAsGGML(
    _ x: Source, _ n: Int, _ norm: DecoderConfiguration.Norm, gain: Source, into y: Target
  ) {
    var sum = 0.0
    for i in 0..<n { sum += unsafe Double(x[i] * x[i]) }
    let factor = 1 / (Float(sum / Double(n)) + norm.epsilon).squareRoot()
    for i in 0..<n { unsafe y[i] = unsafe x[i] * factor * (gain[i] + norm.gainOffset) }
  }

  static func normalizeBackward(
    _ x: Source, _ dy: Source, _ n: Int, _ norm: DecoderConfiguration.Norm, gain: Source,
    dx: Target, dGain: Target?, dBias: Target?
  ) {
    guard norm.centers else {
      let square = unsafe dot(x, x, n) / Float(n)
      unsafe try? rows.rmsNormGradient(
        row(x, n), weight: row(gain, n), dy: row(dy, n),
        r: 1 / (square + norm.epsilon).squareRoot(), offset: norm.gainOffset, dx: row(dx, n),
        dWeight: dGain.map { unsafe row($0, n) })
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { scratch in
      let moments = unsafe try? rows.layerNorm(
        row(x, n), weight: row(gain, n), bias: nil, epsilon: norm.epsilon, into: scratch)
      guard let moments else { return }
      unsafe try? rows.layerNormGradient(
        row(x, n), weight: row(gain, n), dy: row(dy, n), mean: moments.mean, r: moments.r,
        dx: row(dx, n), dWeight: dGain.map { unsafe row($0, n) },
        dBias: unsafe dBias.map { unsafe row($0, n) })
    }
  }

  // MARK: Rotation

  static func rotate(
    _ x: Target, pairs: Int, cosines: Source, sines: Source, isInterleaved: Bool, direction: Float
  ) {
    unsafe try? rows.rotate(
      row(x, 2 * pairs), cosines: row(cosines, pairs), sines: row(sines, pairs),
      pairs: isInterleaved ? .adjacent : .halves, inverse: direction < 0)
  }

  // MARK: Activation

  static func activate(
    _ kind: DecoderConfiguration.Activation, _ gate: Source, _ up: Source?, _ n: Int,
    into y: Target
  ) {
    unsafe try? rows.activate(
      kind.kernel, gate: row(gate, n), up: up.map { unsafe row($0, n) }, into: unsafe row(y, n))
  }

  static func activateBackward(
    _ kind: DecoderConfiguration.Activation, _ gate: Target, _ up: Target?, _ dy: Source, _ n: Int
  ) {
    unsafe try? rows.activationGradient(
      kind.kernel, gate: source(gate, n), up: up.map { unsafe source($0, n) },
      dy: unsafe row(dy, n),
      dGate: unsafe row(gate, n), dUp: unsafe up.map { unsafe row($0, n) })
  }

  // MARK: Scores

  static func softCap(_ x: Target, _ n: Int, cap: Float) {
    unsafe try? rows.softCap(source(x, n), cap: cap, into: row(x, n))
  }

  static func softmaxStep(
    _ x: Target, _ n: Int, maximum: inout Float, sum: inout Float
  ) -> Float {
    let top = unsafe max(maximum, rows.maximum(source(x, n)))
    guard top > -.infinity else { return 1 }
    let factor = top == maximum ? 1 : Float(Elementary.exp(Double(maximum - top)))
    let added = unsafe (try? rows.exponentials(source(x, n), shift: top, into: row(x, n))) ?? .nan
    sum = sum * factor + added
    maximum = top
    return factor
  }

  static func scoreGradient(
    _ scores: Target, _ slopes: Target, _ n: Int, logSum: Float, offset: Float, cap: Float?
  ) {
    guard let cap else {
      _ = unsafe try? rows.exponentials(source(scores, n), shift: logSum, into: row(scores, n))
      unsafe try? rows.softmaxGradient(
        source(scores, n), dp: source(slopes, n), dot: offset, dx: row(slopes, n))
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { capped in
      unsafe try? rows.softCap(source(scores, n), cap: cap, into: capped)
      _ = unsafe try? rows.exponentials(
        UnsafeBufferPointer(capped), shift: logSum, into: row(scores, n))
      unsafe try? rows.softmaxGradient(
        source(scores, n), dp: source(slopes, n), dot: offset, dx: row(slopes, n))
      unsafe try? rows.softCapGradient(
        capped: UnsafeBufferPointer(capped), dy: source(slopes, n), cap: cap, dx: row(slopes, n))
    }
  }

  static func lossGradient(
    _ logits: Target, _ n: Int, logSum: Float, weight: Float, cap: Float?, target: Int?
  ) {
    guard let cap else {
      unsafe lossShares(source(logits, n), logSum, weight, target, into: logits)
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { capped in
      unsafe try? rows.softCap(source(logits, n), cap: cap, into: capped)
      unsafe lossShares(UnsafeBufferPointer(capped), logSum, weight, target, into: logits)
      unsafe try? rows.softCapGradient(
        capped: UnsafeBufferPointer(capped), dy: source(logits, n), cap: cap, dx: row(logits, n))
    }
  }

  /// weight · (p − 1 at the target).
  private static func lossShares(
    _ logits: UnsafeBufferPointer<Float>, _ logSum: Float, _ weight: Float, _ target: Int?,
    into shares: Target
  ) {
    _ = unsafe try? rows.exponentials(logits, shift: logSum, into: row(shares, logits.count))
    if let target { unsafe shares[target] -= 1 }
    unsafe scale(shares, logits.count, by: weight)
  }

  // MARK: Rounding

  static func round(_ x: Source, _ n: Int, to rounding: RowRounding, into y: Target) {
    unsafe try? rows.round(row(x, n), to: rounding, into: row(y, n))
  }

  static func sumExcess(_ x: Source, _ n: Int, into y: Target) {
    unsafe try? rows.sumExcess(row(x, n), into: row(y, (n + 31) / 32))
  }

  /// To BF16, ties to even.
  static func narrow(_ x: Source, _ n: Int, into y: UnsafeMutablePointer<UInt16>) {
    var target = unsafe UnsafeMutableBufferPointer(start: y, count: n).mutableSpan
    let source = unsafe UnsafeRawBufferPointer(row(x, n)).bytes
    try? Narrowing.fromFloat32(source, to: .bf16, into: &target)
  }

  /// From BF16.
  static func widen(_ x: UnsafePointer<UInt16>, _ n: Int, into y: Target) {
    var target = unsafe row(y, n).mutableSpan
    let source = unsafe UnsafeRawBufferPointer(UnsafeBufferPointer(start: x, count: n)).bytes
    try? Widening.toFloat32(source, kind: .bf16, into: &target)
  }

  // MARK: Sums

  static func dot(_ x: Source, _ y: Source, _ n: Int) -> Float {
    unsafe (try? rows.dot(row(x, n), row(y, n))) ?? .nan
  }

  static func add(_ x: Source, _ n: Int, times a: Float = 1, to y: Target) {
    unsafe try? rows.add(row(x, n), times: a, to: row(y, n))
  }

  static func scale(_ x: Target, _ n: Int, by a: Float) {
    unsafe try? rows.multiply(source(x, n), by: a, into: row(x, n))
  }
}

extension DecoderConfiguration.Activation {
  /// The kernels' name for it.
  var kernel: TieConvKernels.Activation {
    switch self {
    case .silu: .silu
    case .gelu: .gelu
    case .geluTanh: .geluTanh
    case .relu: .relu
    }
  }
}
