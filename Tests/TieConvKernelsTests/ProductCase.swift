// One seeded product for the tests, and its definition in F64.

import TieConvKernels

/// Sizes, kinds and options of one product.
struct ProductCase: CustomStringConvertible {
  /// Up to here, a stored right factor is multiplied unpacked.
  static let fewRows = 8

  var m: Int
  var n: Int
  var k: Int
  var kindA = ElementKind.f32
  var kindB = ElementKind.f32
  var transposedA = false
  var transposedB = false
  var margin = 0
  var scale: Float = 1
  var accumulate = false
  var biased = false
  var precision = ProductPrecision.f32

  var description: String {
    "\(m)×\(k)\(transposedA ? "ᵀ" : "") \(kindA) · \(k)×\(n)\(transposedB ? "ᵀ" : "") \(kindB), "
      + "margin \(margin), scale \(scale), accumulate \(accumulate), bias \(biased), \(precision)"
  }

  var a: StoredMatrix {
    StoredMatrix(m, k, kind: kindA, transposed: transposedA, margin: margin, seed: 11)
  }
  var b: StoredMatrix {
    StoredMatrix(k, n, kind: kindB, transposed: transposedB, margin: margin, seed: 12)
  }
  var stride: Int { n + margin }
  /// What C holds before.
  var initial: [Float] { (0..<(m * stride)).map { Float($0 % 17) - 8 } }
  var bias: [Float] { (0..<n).map { Float($0 % 5) - 2 } }

  func product(pool: ThreadPool, kernels: KernelSet = .best, packed: Bool = false) throws
    -> [Float]
  {
    try product(a, b, pool: pool, kernels: kernels, packed: packed)
  }

  /// The product of other factors of these sizes.
  func product(
    _ a: StoredMatrix, _ b: StoredMatrix, pool: ThreadPool, kernels: KernelSet = .best,
    packed: Bool = false
  ) throws -> [Float] {
    var c = initial
    let bias = self.bias
    try a.withOperand { a in
      try b.withOperand { b in
        try unsafe c.withUnsafeMutableBufferPointer { c in
          try unsafe bias.withUnsafeBufferPointer { bias in
            let epilogue = unsafe biased ? ProductEpilogue.bias(bias) : .none
            if packed {
              let b = PackedMatrix(b, precision: precision, pool: pool, kernels: kernels)
              try unsafe MatrixProduct.multiply(
                a, b, into: c, stride: stride, scale: scale, accumulate: accumulate,
                epilogue: epilogue, pool: pool)
            } else {
              try unsafe MatrixProduct.multiply(
                a, b, into: c, stride: stride, scale: scale, accumulate: accumulate,
                epilogue: epilogue, precision: precision, pool: pool, kernels: kernels)
            }
          }
        }
      }
    }
    return c
  }

  /// The first element that is further from the F64 result than rounding explains.
  func firstWrong(in c: [Float]) -> String? {
    let (x, y, before, bias) = (rounded(a.values), rounded(b.values), initial, self.bias)
    for i in 0..<m {
      for j in 0..<stride {
        let found = Double(c[i * stride + j])
        let old = Double(before[i * stride + j])
        guard j < n else {
          if found != old { return "margin (\(i), \(j)) was written" }
          continue
        }
        var sum = 0.0
        var size = 0.0
        for p in 0..<k {
          let term = x[i * k + p] * y[p * n + j]
          sum += term
          size += abs(term)
        }
        let added = (accumulate ? old : 0) + (biased ? Double(bias[j]) : 0)
        let expected = Double(scale) * sum + added
        // Recursive summation of k products, then one rounding a depth block, one for C and one
        // for the bias (Higham, Accuracy and Stability, section 3.1).
        let roundings = Double(k + k / 160 + 4)
        let magnitude =
          abs(Double(scale)) * size + (accumulate ? abs(old) : 0)
          + (biased ? abs(Double(bias[j])) : 0)
        let bound = roundings * 0x1p-24 * magnitude + 1e-37
        if !(abs(found - expected) <= bound) {
          return "(\(i), \(j)) is \(found), not \(expected)"
        }
      }
    }
    return nil
  }

  private func rounded(_ values: [Double]) -> [Double] {
    guard precision == .bf16 else { return values }
    return values.map { value in
      let bits = Float(value).bitPattern
      return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
    }
  }
}
