// Are F32 numbers also numbers of a narrower type?

internal import TieConvKernels

enum ExactNarrowing {
  /// Whether every F32 element of `bytes` stays the same number in `dtype`.
  static func isExact(_ bytes: [UInt8], _ dtype: DType) -> Bool {
    let count = bytes.count / 4
    var narrow = [UInt16](repeating: 0, count: count)
    var wide = [Float](repeating: 0, count: count)
    do throws(KernelError) {
      let kind: ElementKind = dtype == .bf16 ? .bf16 : .f16
      var room = narrow.mutableSpan
      try unsafe Narrowing.fromFloat32(bytes.span.bytes, to: kind, into: &room)
      var target = wide.mutableSpan
      try unsafe Widening.toFloat32(narrow.span.bytes, kind: kind, into: &target)
    } catch { return false }
    return unsafe wide.withUnsafeBytes { unsafe $0.elementsEqual(bytes) }
  }
}
