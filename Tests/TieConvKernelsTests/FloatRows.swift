// Seeded rows of floats for the row kernel tests.

import TieConvKernels

func randomFloats(_ count: Int, _ range: ClosedRange<Float> = -2...2, seed: UInt64) -> [Float] {
  var generator = SplitMix(state: seed)
  return (0..<count).map { _ in Float.random(in: range, using: &generator) }
}

/// The largest distance of two rows, in units of 2^-24 times `size`.
func distance(_ a: [Float], _ b: [Float], size: Double = 1) -> Double {
  zip(a, b).reduce(0) { worst, pair in
    let far = abs(Double(pair.0) - Double(pair.1)) / (size * 0x1p-24)
    return far.isNaN ? .infinity : max(worst, far)
  }
}

/// Lends rows as the kernels take them.
func withRow<Result>(
  _ row: [Float], _ body: (UnsafeBufferPointer<Float>) throws -> Result
) rethrows -> Result {
  try unsafe row.withUnsafeBufferPointer(body)
}

func withRow<Result>(
  _ row: inout [Float], _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
) rethrows -> Result {
  try unsafe row.withUnsafeMutableBufferPointer { try unsafe body($0) }
}
