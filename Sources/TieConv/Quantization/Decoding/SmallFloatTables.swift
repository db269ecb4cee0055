// The numbers that codes of small floating-point types stand for, by code.

internal import TieConvKernels

/// Tables of 256 entries.
enum SmallFloatTables {
  /// E2M1: sign in bit 3 (OCP Microscaling Formats 1.0).
  static let e2m1: [Float] = signed([0, 0.5, 1, 1.5, 2, 3, 4, 6])

  /// E2M3: sign in bit 5, subnormals in steps of 1/8.
  static let e2m3: [Float] = signed(
    (0..<32).map { code in
      let (exponent, mantissa) = (code / 8, Float(code % 8) / 8)
      return exponent == 0 ? mantissa : (1 + mantissa) * Float(1 << (exponent - 1))
    })

  /// E4M3 without infinities: NaN at 0x7F and 0xFF.
  static let e4m3: [Float] = {
    var values = [Float](repeating: 0, count: 256)
    let codes = (0..<256).map { UInt8($0) }
    var span = values.mutableSpan
    // The counts are equal, which is all that can be wrong.
    unsafe try? Widening.toFloat32(codes.span.bytes, kind: .f8e4m3, into: &span)
    return values
  }()

  /// The first entries, padded to a whole table.
  static func padded(_ entries: [Float]) -> [Float] {
    entries + [Float](repeating: 0, count: max(0, 256 - entries.count))
  }

  private static func signed(_ magnitudes: [Float]) -> [Float] {
    padded(magnitudes + magnitudes.map { -$0 })
  }
}
