// Whether one matrix is a constant times the other.

internal import CTieConvKernels

/// Asks whether w = factor · e, within relative · |w| + absolute.
package struct ScaleCheck: Equatable, Sendable {
  package var factor: Double
  package var relativeTolerance: Double
  package var absoluteTolerance: Double

  package init(factor: Double, relativeTolerance: Double, absoluteTolerance: Double = 0) {
    self.factor = factor
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
  }

  /// The index of the first element of `w` that is not the factor times `e`'s, or nil. Computed in
  /// F64. Two NaN match, equal infinities match, an infinity matches no finite number.
  package func firstMismatch(
    embedding e: RawSpan, _ kindE: ElementKind, head w: RawSpan, _ kindW: ElementKind,
    kernels: KernelSet = .best
  ) throws(KernelError) -> Int? {
    let scale = tc_scale(
      factor: factor, relative: relativeTolerance, absolute: absoluteTolerance)
    var mismatch: Int?
    try PairChunks.with(e, kindE, w, kindW, kernels) { pairs in
      unsafe pairs.forEach { x, y, start, count in
        let found =
          if pairs.isDouble {
            unsafe kernels.table.scale_mismatch_f64(x, y, count, scale)
          } else {
            unsafe kernels.table.scale_mismatch_f32(x, y, count, scale)
          }
        if found < count { mismatch = start + found }
        return found == count
      }
    }
    return mismatch
  }
}
