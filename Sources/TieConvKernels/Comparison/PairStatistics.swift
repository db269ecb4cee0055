// Sums over pairs of elements: how far apart two matrices are, and along which scale.

internal import CTieConvKernels

/// Sums over pairs of elements, gathered in F64. They depend on the pairs and their order alone:
/// not on the instruction set, and not on the element kind that held the values.
package struct PairStatistics: Equatable, Sendable {
  package var count = 0
  /// Largest |a - b|: 0 where both are NaN, infinity where exactly one is.
  package var maxAbsDifference = 0.0
  /// Σ(a - b)². This and the dots leave out pairs in which either is a NaN or an infinity.
  package var squaredDifference = 0.0
  package var dotAB = 0.0
  package var dotAA = 0.0
  package var dotBB = 0.0
  /// Pairs whose widened bits differ: +0 and -0 do, though their values do not.
  package var bitsDiffer = 0
  /// Pairs with a ≠ b that are not both NaN.
  package var valuesDiffer = 0
  package var nanAgainstNumber = 0
  package var nonFiniteA = 0
  package var nonFiniteB = 0

  package init() {}

  init(_ raw: tc_pair_statistics, count: Int) {
    self.count = count
    maxAbsDifference = raw.max_abs_difference
    squaredDifference = raw.squared_difference
    dotAB = raw.dot_ab
    dotAA = raw.dot_aa
    dotBB = raw.dot_bb
    bitsDiffer = Int(clamping: raw.bits_differ)
    valuesDiffer = Int(clamping: raw.values_differ)
    nanAgainstNumber = Int(clamping: raw.nan_against_number)
    nonFiniteA = Int(clamping: raw.nonfinite_a)
    nonFiniteB = Int(clamping: raw.nonfinite_b)
  }

  /// Adds the statistics of later pairs. Sums round, so merge blocks in their order.
  package static func += (left: inout PairStatistics, right: PairStatistics) {
    left.count += right.count
    left.maxAbsDifference = max(left.maxAbsDifference, right.maxAbsDifference)
    left.squaredDifference += right.squaredDifference
    left.dotAB += right.dotAB
    left.dotAA += right.dotAA
    left.dotBB += right.dotBB
    left.bitsDiffer += right.bitsDiffer
    left.valuesDiffer += right.valuesDiffer
    left.nanAgainstNumber += right.nanAgainstNumber
    left.nonFiniteA += right.nonFiniteA
    left.nonFiniteB += right.nonFiniteB
  }
}
