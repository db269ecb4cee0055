// The kernels against their readable definitions.

internal import Testing

@testable internal import TieConvModel

struct VectorKernelsTests {
  /// F32 sums of a few hundred terms, exponentials within two units in the last place.
  private static let tolerance: Float = 2e-5
  static let lengths = [1, 2, 7, 8, 16, 31, 33, 128, 255]

  private func vector(_ n: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var state = seed
    return (0..<n).map { _ in TinyDecoder.next(&state) * scale }
  }

  private func expectClose(_ x: [Float], _ y: [Float]) {
    let most = max(1, y.map(abs).max() ?? 0)
    for (a, b) in zip(x, y) { #expect(abs(a - b) <= Self.tolerance * most) }
  }

  @Test("Norms, with and without mean", arguments: lengths, [false, true])
  func norms(n: Int, centers: Bool) {
    let norm = DecoderConfiguration.Norm(
      centers: centers, epsilon: 1e-5, gainOffset: centers ? 0 : 1)
    let (x, gain, bias) = (vector(n, seed: 1), vector(n, seed: 2), vector(n, seed: 3))
    var (fast, plain) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    let added = centers ? bias : nil
    unsafe VectorKernels.normalize(x, n, norm, gain: gain, bias: added, into: &fast)
    unsafe VectorReference.normalize(x, n, norm, gain: gain, bias: added, into: &plain)
    expectClose(fast, plain)
    guard n > 2 else { return }  // the spread of two numbers may be nothing
    let dy = vector(n, seed: 4)
    var (dx, dGain) = (vector(n, seed: 5), vector(n, seed: 6))
    var (dx2, dGain2) = (dx, dGain)
    unsafe VectorKernels.normalizeBackward(
      x, dy, n, norm, gain: gain, dx: &dx, dGain: &dGain, dBias: nil)
    unsafe VectorReference.normalizeBackward(
      x, dy, n, norm, gain: gain, dx: &dx2, dGain: &dGain2, dBias: nil)
    expectClose(dx, dx2)
    expectClose(dGain, dGain2)
  }

  @Test(
    "Activations and their slopes", arguments: lengths,
    [DecoderConfiguration.Activation.silu, .gelu, .geluTanh, .relu])
  func activations(n: Int, kind: DecoderConfiguration.Activation) {
    let (gate, up) = (vector(n, seed: 7, scale: 3), vector(n, seed: 8))
    var (fast, plain) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    unsafe VectorKernels.activate(kind, gate, up, n, into: &fast)
    unsafe VectorReference.activate(kind, gate, up, n, into: &plain)
    expectClose(fast, plain)
    let dy = vector(n, seed: 9)
    var (g1, u1, g2, u2) = (gate, up, gate, up)
    unsafe VectorKernels.activateBackward(kind, &g1, &u1, dy, n)
    unsafe VectorReference.activateBackward(kind, &g2, &u2, dy, n)
    expectClose(g1, g2)
    expectClose(u1, u2)
  }

  @Test("Softmax in steps, and the gradients of scores and losses", arguments: lengths)
  func scores(n: Int) {
    var (m1, s1, m2, s2) = (Float(0.3), Float(1.5), Float(0.3), Float(1.5))
    let x = vector(n, seed: 10, scale: 4)
    var (fast, plain) = (x, x)
    let f1 = unsafe VectorKernels.softmaxStep(&fast, n, maximum: &m1, sum: &s1)
    let f2 = unsafe VectorReference.softmaxStep(&plain, n, maximum: &m2, sum: &s2)
    expectClose(fast + [f1, m1, s1], plain + [f2, m2, s2])
    for cap: Float? in [nil, 2.5] {
      let slopes = vector(n, seed: 11)
      var (a1, b1, a2, b2) = (x, slopes, x, slopes)
      unsafe VectorKernels.scoreGradient(&a1, &b1, n, logSum: 9, offset: 0.2, cap: cap)
      unsafe VectorReference.scoreGradient(&a2, &b2, n, logSum: 9, offset: 0.2, cap: cap)
      expectClose(a1 + b1, a2 + b2)
      var (l1, l2) = (x, x)
      unsafe VectorKernels.lossGradient(&l1, n, logSum: 9, weight: 0.5, cap: cap, target: n / 2)
      unsafe VectorReference.lossGradient(&l2, n, logSum: 9, weight: 0.5, cap: cap, target: n / 2)
      expectClose(l1, l2)
    }
  }

  @Test("Turning, and turning back", arguments: [1, 4, 15, 32], [false, true])
  func rotation(pairs: Int, isInterleaved: Bool) {
    let x = vector(2 * pairs, seed: 12)
    let cosines = (0..<pairs).map { Float(1) / Float($0 + 1) }
    let sines = cosines.map { (1 - $0 * $0).squareRoot() }
    var (fast, plain) = (x, x)
    unsafe VectorKernels.rotate(
      &fast, pairs: pairs, cosines: cosines, sines: sines, isInterleaved: isInterleaved,
      direction: 1)
    unsafe VectorReference.rotate(
      &plain, pairs: pairs, cosines: cosines, sines: sines, isInterleaved: isInterleaved,
      direction: 1)
    expectClose(fast, plain)
    unsafe VectorKernels.rotate(
      &fast, pairs: pairs, cosines: cosines, sines: sines, isInterleaved: isInterleaved,
      direction: -1)
    expectClose(fast, x)
  }
}
