// The readable definition of every operation on one vector. The decoder runs the kernels that
// compute the same; tests hold the two against each other.

internal import TieConvKernels

/// Operations on vectors of floats, plainly.
enum VectorReference {
  typealias Source = UnsafePointer<Float>
  typealias Target = UnsafeMutablePointer<Float>

  // MARK: Normalization

  /// y = (x − mean) / √(variance + ε) · (gain + offset) + bias; the mean is 0 for RMSNorm.
  static func normalize(
    _ x: Source, _ n: Int, _ norm: DecoderConfiguration.Norm, gain: Source, bias: Source?,
    into y: Target
  ) {
    let (mean, scale) = unsafe moments(x, n, norm)
    for i in 0..<n {
      let z = unsafe (x[i] - mean) * scale * (gain[i] + norm.gainOffset)
      unsafe y[i] = unsafe z + (bias.map { unsafe $0[i] } ?? 0)
    }
  }

  /// Adds to `dx`, `dGain` and `dBias` what `dy` contributes.
  static func normalizeBackward(
    _ x: Source, _ dy: Source, _ n: Int, _ norm: DecoderConfiguration.Norm, gain: Source,
    dx: Target, dGain: Target?, dBias: Target?
  ) {
    let (mean, scale) = unsafe moments(x, n, norm)
    var sum = 0.0
    var projection = 0.0
    for i in 0..<n {
      let z = unsafe (x[i] - mean) * scale
      let g = unsafe dy[i] * (gain[i] + norm.gainOffset)
      sum += Double(g)
      projection += Double(g) * Double(z)
      if let dGain = unsafe dGain { unsafe dGain[i] += unsafe dy[i] * z }
      if let dBias = unsafe dBias { unsafe dBias[i] += dy[i] }
    }
    let offset = norm.centers ? Float(sum / Double(n)) : 0
    let slope = Float(projection / Double(n))
    for i in 0..<n {
      let z = unsafe (x[i] - mean) * scale
      let g = unsafe dy[i] * (gain[i] + norm.gainOffset)
      unsafe dx[i] += scale * (g - offset - z * slope)
    }
  }

  private static func moments(
    _ x: Source, _ n: Int, _ norm: DecoderConfiguration.Norm
  ) -> (mean: Float, scale: Float) {
    var mean = 0.0
    if norm.centers {
      for i in 0..<n { mean += unsafe Double(x[i]) }
      mean /= Double(n)
    }
    var square = 0.0
    for i in 0..<n {
      let d = unsafe Double(x[i]) - mean
      square += d * d
    }
    let variance = square / Double(n) + Double(norm.epsilon)
    return (Float(mean), Float(1 / variance.squareRoot()))
  }

  // MARK: Rotation

  /// Turns pairs by the angles whose cosines and sines are given; `direction` −1 turns back.
  static func rotate(
    _ x: Target, pairs: Int, cosines: Source, sines: Source, isInterleaved: Bool, direction: Float
  ) {
    for pair in 0..<pairs {
      let (i, j) = isInterleaved ? (2 * pair, 2 * pair + 1) : (pair, pair + pairs)
      let (a, b) = unsafe (x[i], x[j])
      let (c, s) = unsafe (cosines[pair], direction * sines[pair])
      unsafe x[i] = a * c - b * s
      unsafe x[j] = b * c + a * s
    }
  }

  // MARK: Activation

  /// f(x) and f′(x).
  static func activation(
    _ kind: DecoderConfiguration.Activation, _ x: Float
  ) -> (value: Float, slope: Float) {
    let x = Double(x)
    switch kind {
    case .silu:
      let s = 1 / (1 + Elementary.exp(-x))
      return (Float(x * s), Float(s * (1 + x * (1 - s))))
    case .gelu:
      let phi = 0.5 * (1 + Elementary.erf(x * 0.5.squareRoot()))
      let density = Elementary.exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
      return (Float(x * phi), Float(phi + x * density))
    case .geluTanh:
      let root = (2 / Double.pi).squareRoot()
      let t = Elementary.tanh(root * (x + 0.044715 * x * x * x))
      let slope = root * (1 + 3 * 0.044715 * x * x) * (1 - t * t)
      return (Float(0.5 * x * (1 + t)), Float(0.5 * (1 + t) + 0.5 * x * slope))
    case .relu: return x > 0 ? (Float(x), 1) : (0, 0)
    }
  }

  /// y = f(gate) · up, or f(gate) without `up`.
  static func activate(
    _ kind: DecoderConfiguration.Activation, _ gate: Source, _ up: Source?, _ n: Int,
    into y: Target
  ) {
    for i in 0..<n {
      let value = unsafe activation(kind, gate[i]).value
      unsafe y[i] = unsafe value * (up.map { unsafe $0[i] } ?? 1)
    }
  }

  /// Writes the gradients of `gate` and `up` over them.
  static func activateBackward(
    _ kind: DecoderConfiguration.Activation, _ gate: Target, _ up: Target?, _ dy: Source, _ n: Int
  ) {
    for i in 0..<n {
      let (value, slope) = unsafe activation(kind, gate[i])
      unsafe gate[i] = unsafe dy[i] * slope * (up.map { unsafe $0[i] } ?? 1)
      if let up = unsafe up { unsafe up[i] = dy[i] * value }
    }
  }

  // MARK: Scores

  /// x = c tanh(x / c).
  static func softCap(_ x: Target, _ n: Int, cap: Float) {
    for i in 0..<n { unsafe x[i] = unsafe cap * Float(Elementary.tanh(Double(x[i] / cap))) }
  }

  /// One step of a softmax whose terms arrive in blocks: x becomes exp(x − maximum) with the new
  /// maximum, and what was summed before is to be multiplied by the factor returned.
  static func softmaxStep(
    _ x: Target, _ n: Int, maximum: inout Float, sum: inout Float
  ) -> Float {
    var top = maximum
    for i in 0..<n { top = unsafe max(top, x[i]) }
    guard top > -.infinity else { return 1 }
    let factor = Float(Elementary.exp(Double(maximum - top)))
    var added: Float = 0
    for i in 0..<n {
      let e = unsafe Float(Elementary.exp(Double(x[i] - top)))
      unsafe x[i] = e
      added += e
    }
    sum = sum * factor + added
    maximum = top
    return factor
  }

  /// x = exp(x − offset).
  static func exponentiate(_ x: Target, _ n: Int, offset: Float) {
    for i in 0..<n { unsafe x[i] = unsafe Float(Elementary.exp(Double(x[i] - offset))) }
  }

  /// `scores` become softmax weights, and `slopes`, which come as the gradients of the weights,
  /// become those of the scores.
  static func scoreGradient(
    _ scores: Target, _ slopes: Target, _ n: Int, logSum: Float, offset: Float, cap: Float?
  ) {
    for i in 0..<n {
      var score = unsafe scores[i]
      var bend: Float = 1
      if let cap {
        let t = Float(Elementary.tanh(Double(score / cap)))
        score = cap * t
        bend = 1 - t * t
      }
      let weight = Float(Elementary.exp(Double(score - logSum)))
      unsafe slopes[i] = unsafe weight * (slopes[i] - offset) * bend
      unsafe scores[i] = weight
    }
  }

  /// Logits, not yet capped, become the gradient of −weight · log p(target).
  static func lossGradient(
    _ logits: Target, _ n: Int, logSum: Float, weight: Float, cap: Float?, target: Int?
  ) {
    for i in 0..<n {
      var logit = unsafe logits[i]
      var bend: Float = 1
      if let cap {
        let t = Float(Elementary.tanh(Double(logit / cap)))
        logit = cap * t
        bend = 1 - t * t
      }
      let share = Float(Elementary.exp(Double(logit - logSum))) - (i == target ? 1 : 0)
      unsafe logits[i] = weight * share * bend
    }
  }

  // MARK: Sums

  static func dot(_ x: Source, _ y: Source, _ n: Int) -> Float {
    var sum = 0.0
    for i in 0..<n { sum += unsafe Double(x[i]) * Double(y[i]) }
    return Float(sum)
  }

  /// y += a x.
  static func add(_ x: Source, _ n: Int, times a: Float = 1, to y: Target) {
    for i in 0..<n { unsafe y[i] += unsafe a * x[i] }
  }

  /// x = a x.
  static func scale(_ x: Target, _ n: Int, by a: Float) {
    for i in 0..<n { unsafe x[i] *= a }
  }
}
