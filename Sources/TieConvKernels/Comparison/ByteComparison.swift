// Byte equality, at the speed of memory.

internal import CTieConvKernels

package enum ByteComparison {
  /// The offset of the first byte that differs, or nil for equal buffers. A buffer that is a
  /// proper prefix of the other differs where it ends.
  package static func firstMismatch(
    _ a: RawSpan, _ b: RawSpan, kernels: KernelSet = .best
  ) -> Int? {
    let common = min(a.byteCount, b.byteCount)
    let found = unsafe a.withUnsafeBytes { x in
      unsafe b.withUnsafeBytes { y in
        guard common > 0 else { return 0 }
        return unsafe kernels.table.mismatch(x.baseAddress, y.baseAddress, common)
      }
    }
    return found == common && a.byteCount == b.byteCount ? nil : found
  }

  /// The comparison itself, for callers that run it under a guard of their own: the index of the
  /// first byte that differs, or the count.
  package static var function: @convention(c) (UnsafeRawPointer?, UnsafeRawPointer?, Int) -> Int {
    unsafe KernelSet.best.table.mismatch
  }
}
