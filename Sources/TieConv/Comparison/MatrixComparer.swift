// Reads an embedding and a head in blocks of rows and measures how they differ.
//
// The first pass tells rows that are equal from rows that are not at the speed of memory, and
// gathers sums over the others. Only where those sums say that one factor may explain the head does
// a second pass test it on every element. Blocks are merged in their order, so nothing depends on
// the thread count.

internal import TieConvIO
internal import TieConvKernels

/// Compares the two sides of a pair.
struct MatrixComparer {
  let pair: MatrixPair
  let options: ExecutionOptions

  /// The result where the two are known to differ and nothing was measured.
  var unmeasured: MatrixComparison {
    MatrixComparison(
      orientation: pair.orientation, rows: pair.rows, isEqual: false, differingRows: RowRanges(),
      maxAbsDiff: nil, scale: nil, cast: nil)
  }

  /// How the head lies, where both are equal byte for byte; nil where they differ. Stops at the
  /// first difference.
  func equality() throws(CheckpointError) -> MatrixComparison.Orientation? {
    guard pair.rows.embedding == pair.rows.head, pair.isSameType else {
      return nil
    }
    if pair.orientation == .same, try isEqualAsStored() { return .same }
    let isSquare = pair.rows.embedding == pair.columns
    guard pair.orientation == .transposed || isSquare else { return nil }
    return try TransposedComparer(pair: pair, options: options).isEqual() ? .transposed : nil
  }

  /// Everything that the comparison finds.
  func comparison() throws(CheckpointError) -> MatrixComparison {
    if let orientation = try equality() {
      return MatrixComparison(
        orientation: orientation, rows: pair.rows, isEqual: true, differingRows: RowRanges(),
        maxAbsDiff: 0, scale: nil, cast: nil)
    }
    guard pair.orientation == .same else { return unmeasured }
    let totals = try RowScan(pair: pair, options: options).totals()
    let cast = cast(totals)
    return MatrixComparison(
      orientation: .same, rows: pair.rows, isEqual: false, differingRows: totals.differing,
      maxAbsDiff: totals.statistics?.maxAbsDifference,
      scale: cast == nil && !pair.isPacked ? try scale(totals) : nil, cast: cast,
      relativeDifference: pair.isPacked ? totals.statistics?.relativeDifference : nil)
  }

  private func isEqualAsStored() throws(CheckpointError) -> Bool {
    // Two names of one storage.
    if pair.embedding.file === pair.head.file, pair.embedding.offset == pair.head.offset {
      return true
    }
    return try RangeComparison([
      RangePair(
        one: pair.embedding.file, oneOffset: pair.embedding.offset, other: pair.head.file,
        otherOffset: pair.head.offset,
        count: pair.rows.embedding * pair.embedding.rowCount(pair.columns))
    ]).firstDifference(options) == nil
  }

  /// What makes the two the same numbers, if anything does. Only where all rows are there.
  private func cast(_ totals: RowScan.Totals) -> MatrixComparison.Cast? {
    guard pair.rows.embedding == pair.rows.head, let statistics = totals.statistics else {
      return nil
    }
    if pair.isPacked {
      let isEqual = statistics.valuesDiffer == 0 && statistics.nanAgainstNumber == 0
      return isEqual ? .dequantized : nil
    }
    if !pair.isSameType {
      let wider =
        pair.embedding.dtype.bitWidth >= pair.head.dtype.bitWidth
        ? pair.embedding.dtype : pair.head.dtype
      if statistics.bitsDiffer == 0 { return .exact(wider) }
      let narrower = wider == pair.embedding.dtype ? pair.head.dtype : pair.embedding.dtype
      if totals.isRounded { return .rounded(narrower) }
    }
    return statistics.valuesDiffer == 0 && statistics.nanAgainstNumber == 0 ? .sameNumbers : nil
  }

  // MARK: Scale

  /// How exactly one factor must explain the sums before every element is tested: the squared
  /// cosine of the two matrices, 1 for W = c·E. Rounding to the coarsest dtype (f8, 1 part in 16)
  /// moves it by less than this.
  private static let leastSquaredCosine = 0.99

  private func scale(_ totals: RowScan.Totals) throws(CheckpointError) -> Double? {
    guard pair.rows.embedding == pair.rows.head, let sums = totals.statistics, sums.dotAA > 0,
      sums.dotBB > 0, sums.nonFiniteA == 0, sums.nonFiniteB == 0,
      sums.dotAB * sums.dotAB >= Self.leastSquaredCosine * sums.dotAA * sums.dotBB
    else { return nil }
    let factor = Self.simplified(
      sums.dotAB / sums.dotAA, within: min(1e-4, Self.tolerance(pair) / 16))
    // Rows that are equal as they stand speak for a factor of 1, but for rows of zeros; a factor so
    // near to 1 that the test below could not tell the two apart is then no explanation.
    let hasEqualRows = totals.differing.count < min(pair.rows.embedding, pair.rows.head)
    let least = hasEqualRows ? 2 * Self.tolerance(pair) : 0
    guard abs(factor - 1) > least else { return nil }
    let check = ScaleCheck(
      factor: factor, relativeTolerance: Self.tolerance(pair),
      absoluteTolerance: Self.smallest(pair) * max(1, abs(factor)))
    let holds = try RowScan(pair: pair, options: options).holds(check)
    return holds ? factor : nil
  }

  /// A factor that is a small whole number, the root of one (√d), or the inverse of either, as far
  /// as sums over numbers of this precision can tell, is taken to be meant.
  private static func simplified(_ factor: Double, within tolerance: Double) -> Double {
    let size = abs(factor)
    let square = (size * size).rounded()
    let inverse = (1 / size).rounded()
    let inverseSquare = (1 / (size * size)).rounded()
    let candidates = [
      size.rounded(), square.squareRoot(), 1 / inverse, 1 / inverseSquare.squareRoot(),
    ]
    let near = candidates.first { $0.isFinite && $0 > 0 && abs($0 - size) <= tolerance * size }
    return near.map { factor < 0 ? -$0 : $0 } ?? factor
  }

  /// W is c·E rounded, and E was rounded itself before: two half units in the last place of the
  /// coarser dtype, each 2⁻ᵖ of the number with p bits of precision; doubled because c, found as a
  /// quotient of sums or simplified, may be off as much again.
  private static func tolerance(_ pair: MatrixPair) -> Double {
    4 * max(halfUnit(pair.embedding.dtype), halfUnit(pair.head.dtype))
  }

  /// Half a unit in the last place, relative to the number.
  static func halfUnit(_ dtype: DType) -> Double {
    switch dtype {
    case .f64: 0x1p-53
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    case .f8E4M3, .f8E4M3FNUZ: 0x1p-4
    default: 0x1p-3
    }
  }

  private static func smallest(_ pair: MatrixPair) -> Double {
    max(smallest(pair.embedding.dtype), smallest(pair.head.dtype))
  }

  /// Below this, numbers lose precision by being subnormal.
  static func smallest(_ dtype: DType) -> Double {
    switch dtype {
    case .f64: 0x1p-1022
    case .f32, .bf16: 0x1p-126
    case .f16: 0x1p-14 * 0x1p-10
    case .f8E4M3, .f8E4M3FNUZ: 0x1p-9
    default: 0x1p-16
    }
  }
}

extension PairStatistics {
  /// ‖a − b‖ ÷ ‖a‖; nil where a is zero.
  fileprivate var relativeDifference: Double? {
    dotAA > 0 ? (squaredDifference / dotAA).squareRoot() : nil
  }
}
