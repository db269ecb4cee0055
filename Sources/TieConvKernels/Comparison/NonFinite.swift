// Where a block stops being numbers.

internal import CTieConvKernels

package enum NonFinite {
  /// The index of the first NaN or infinity, or nil. A partial element at the end is an error.
  package static func firstIndex(
    in bytes: RawSpan, kind: ElementKind, kernels: KernelSet = .best
  ) throws(KernelError) -> Int? {
    let count = try kind.count(in: bytes)
    let found = unsafe bytes.withUnsafeBytes { p in
      unsafe kernels.table.nonfinite(kind.code, p.baseAddress, count)
    }
    return found == count ? nil : found
  }
}
