// Gathering pair statistics from stored bytes.

internal import CTieConvKernels

extension PairStatistics {
  /// The statistics of two blocks of equally many elements, each of its own kind. Values are
  /// compared as F32, or as F64 if either kind is F64.
  package init(
    of a: RawSpan, _ kindA: ElementKind, _ b: RawSpan, _ kindB: ElementKind,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    var total = PairStatistics()
    try PairChunks.with(a, kindA, b, kindB, kernels) { pairs in
      unsafe pairs.forEach { x, y, _, count in
        var raw = tc_pair_statistics()
        if pairs.isDouble {
          unsafe kernels.table.statistics_f64(x, y, count, &raw)
        } else {
          unsafe kernels.table.statistics_f32(x, y, count, &raw)
        }
        total += PairStatistics(raw, count: count)
        return true
      }
    }
    self = total
  }
}
