// An independent reading of small floating-point formats, from their definitions: a value is
// (-1)^sign * significand * 2^exponent, built with Double arithmetic instead of bit moves.

import TieConvKernels

struct SmallFloat {
  let exponentBits: Int
  let mantissaBits: Int
  let bias: Int
  /// Which magnitudes (bits without the sign) are not finite numbers.
  let special: @Sendable (_ bits: Int, _ magnitude: Int) -> Double?

  init(
    _ exponentBits: Int, _ mantissaBits: Int, _ bias: Int,
    _ special: @escaping @Sendable (Int, Int) -> Double?
  ) {
    self.exponentBits = exponentBits
    self.mantissaBits = mantissaBits
    self.bias = bias
    self.special = special
  }

  func value(_ bits: Int) -> Double {
    let signBit = 1 << (exponentBits + mantissaBits)
    let magnitude = bits % signBit
    let sign = bits >= signBit ? -1.0 : 1.0
    if let value = special(bits, magnitude) { return value.isNaN ? value : sign * value }
    let field = magnitude / (1 << mantissaBits)
    let fraction = Double(magnitude % (1 << mantissaBits)) / Double(1 << mantissaBits)
    let exponent = max(field, 1) - bias
    let significand = (field == 0 ? 0 : 1) + fraction
    return sign * significand * power(exponent)
  }

  private func power(_ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<abs(exponent) { result *= exponent < 0 ? 0.5 : 2 }
    return result
  }

  static func of(_ kind: ElementKind) -> SmallFloat? {
    switch kind {
    case .bf16: ieee(8, 7, 127)
    case .f16: ieee(5, 10, 15)
    case .f8e5m2: ieee(5, 2, 15)
    case .f8e4m3: SmallFloat(4, 3, 7) { _, magnitude in magnitude == 0x7F ? .nan : nil }
    case .f8e4m3fnuz: SmallFloat(4, 3, 8) { bits, _ in bits == 0x80 ? .nan : nil }
    case .f8e5m2fnuz: SmallFloat(5, 2, 16) { bits, _ in bits == 0x80 ? .nan : nil }
    case .f8e8m0, .f32, .f64: nil
    }
  }

  private static func ieee(_ exponentBits: Int, _ mantissaBits: Int, _ bias: Int) -> SmallFloat {
    let infinity = ((1 << exponentBits) - 1) << mantissaBits
    return SmallFloat(exponentBits, mantissaBits, bias) { _, magnitude in
      magnitude < infinity ? nil : magnitude == infinity ? .infinity : .nan
    }
  }
}
