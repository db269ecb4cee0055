// Rounding F32 to 16 bits: "the head is the embedding rounded to BF16".

internal import CTieConvKernels

package enum Narrowing {
  /// Rounds F32 elements to the bit patterns of `kind`, BF16 or F16: to nearest, ties to even. A
  /// NaN keeps its sign and the payload's top bits and becomes quiet. The counts must be equal.
  package static func fromFloat32(
    _ source: RawSpan, to kind: ElementKind, into target: inout MutableSpan<UInt16>,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    guard kind == .bf16 || kind == .f16 else { throw .noConversion(kind) }
    let count = try ElementKind.f32.count(in: source)
    guard count == target.count else { throw .unequalCounts(count, target.count) }
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { p in
      unsafe target.withUnsafeMutableBufferPointer { q in
        if kind == .bf16 {
          unsafe kernels.table.narrow_bf16(p.baseAddress, count, q.baseAddress)
        } else {
          unsafe kernels.table.narrow_f16(p.baseAddress, count, q.baseAddress)
        }
      }
    }
  }
}
