// The floating-point element kinds that kernels understand.

internal import CTieConvKernels

/// A floating-point element kind. Kinds without an entry here (integers, sub-byte types) are
/// compared as bytes only.
package enum ElementKind: CaseIterable, Sendable {
  case bf16, f16, f32, f64, f8e4m3, f8e5m2, f8e4m3fnuz, f8e5m2fnuz, f8e8m0

  package var byteWidth: Int {
    switch self {
    case .f64: 8
    case .f32: 4
    case .bf16, .f16: 2
    case .f8e4m3, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz, .f8e8m0: 1
    }
  }

  var code: tc_kind {
    switch self {
    case .bf16: TC_BF16
    case .f16: TC_F16
    case .f32: TC_F32
    case .f64: TC_F64
    case .f8e4m3: TC_F8_E4M3
    case .f8e5m2: TC_F8_E5M2
    case .f8e4m3fnuz: TC_F8_E4M3FNUZ
    case .f8e5m2fnuz: TC_F8_E5M2FNUZ
    case .f8e8m0: TC_F8_E8M0
    }
  }

  /// How many elements `bytes` holds; a remainder is an error.
  func count(in bytes: RawSpan) throws(KernelError) -> Int {
    guard bytes.byteCount.isMultiple(of: byteWidth) else {
      throw .partialElement(bytes: bytes.byteCount, width: byteWidth)
    }
    return bytes.byteCount / byteWidth
  }
}
