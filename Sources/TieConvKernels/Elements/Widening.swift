// Exact conversion to a wider floating-point type.

internal import CTieConvKernels

package enum Widening {
  /// Writes every element of `source` to `target`, exactly. The counts must be equal. A NaN keeps
  /// its sign; BF16 and F32 keep every bit, other kinds keep the payload's top bits made quiet.
  package static func toFloat32(
    _ source: RawSpan, kind: ElementKind, into target: inout MutableSpan<Float>,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    guard kind != .f64 else { throw .noConversion(kind) }
    let count = try kind.count(in: source)
    guard count == target.count else { throw .unequalCounts(count, target.count) }
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { p in
      unsafe target.withUnsafeMutableBufferPointer { q in
        unsafe kernels.table.widen(kind.code, p.baseAddress, count, q.baseAddress)
      }
    }
  }

  /// As `toFloat32`, from F32 elements.
  package static func float32ToFloat64(
    _ source: RawSpan, into target: inout MutableSpan<Double>, kernels: KernelSet = .best
  ) throws(KernelError) {
    let count = try ElementKind.f32.count(in: source)
    guard count == target.count else { throw .unequalCounts(count, target.count) }
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { p in
      unsafe target.withUnsafeMutableBufferPointer { q in
        unsafe kernels.table.widen_f64(p.baseAddress, count, q.baseAddress)
      }
    }
  }
}
