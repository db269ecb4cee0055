// Checksums and estimates over bytes.

internal import CTieConvKernels

package enum ContentDigest {
  /// XXH3 of 64 bits of `bytes`, with seed 0 and the default secret: a checksum against damage, not
  /// against forgery. (github.com/Cyan4973/xxHash, doc/xxhash_spec.md)
  package static func xxh3(
    _ bytes: UnsafeRawBufferPointer, kernels: KernelSet = .best
  ) -> UInt64 {
    unsafe kernels.table.digest(bytes.baseAddress, bytes.count)
  }
}

package enum ByteEntropy {
  /// Bits a byte of an order-0 code over `bytes`, from a sample of about `sample` bytes.
  package static func estimate(_ bytes: UnsafeRawBufferPointer, sample: Int) -> Double {
    guard bytes.count > 0 else { return 0 }
    // An odd step does not beat with rows whose length is a power of two.
    let step = max(1, bytes.count / max(1, sample)) | 1
    var counts = [UInt32](repeating: 0, count: 256)
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      unsafe tc_histogram_bytes(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, step,
        counts.baseAddress)
    }
    let total = (bytes.count + step - 1) / step
    // H = log₂ t − Σ c log₂ c ÷ t
    let sum = counts.reduce(0.0) { $0 + weighted(Int($1)) }
    return max(0, binaryLogarithm(Double(total)) - sum / Double(total))
  }

  /// c log₂ c.
  private static func weighted(_ count: Int) -> Double {
    if count < small.count { return small[count] }
    return Double(count) * binaryLogarithm(Double(count))
  }

  private static let small = (0..<4096).map { count in
    count == 0 ? 0 : Double(count) * binaryLogarithm(Double(count))
  }

  /// log₂ to 25 bits or so, from operations that every machine rounds alike, so that choices made
  /// by an estimate are the same everywhere.
  static func binaryLogarithm(_ x: Double) -> Double {
    let mantissa = x.significand
    // atanh series: ln m = 2 (z + z³/3 + z⁵/5 …) with z = (m − 1)/(m + 1) ≤ 1/3.
    let z = (mantissa - 1) / (mantissa + 1)
    let square = z * z
    var term = z
    var sum = 0.0
    for odd in stride(from: 1.0, through: 15.0, by: 2.0) {
      sum += term / odd
      term *= square
    }
    return Double(x.exponent) + 2 * sum * 1.4426950408889634
  }
}
