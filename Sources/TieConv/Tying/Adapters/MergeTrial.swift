// One merged matrix against every combination of the adapter's changes.
//
// A merge rounds: the change to the dtype, and the sum to the dtype. Each combination gives a matrix;
// the nearest one is the answer if the merged matrix is it but for such rounding in every element.
// Another combination is told apart from it only where the two lie further from each other than six
// standard deviations of the rounding, which over a whole matrix shows changes far smaller than a
// unit in the last place.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Tries the combinations.
struct MergeTrial {
  let base: NumericMatrix
  let merged: NumericMatrix
  let changes: [MergeReport.Side: AdapterChange]
  let expected: Set<MergeReport.Side>
  let options: ExecutionOptions

  /// Numbers that one worker takes on at a time.
  private static let blockCount = 256 << 10
  /// Two roundings, of the change and of the sum, each half a unit; doubled for a merge that was
  /// computed in the narrower type throughout.
  private static let roundings = 4.0
  /// How many standard deviations tell two combinations apart.
  private static let significance = 6.0

  private var combinations: [Set<MergeReport.Side>] {
    var all: [Set<MergeReport.Side>] = [[]]
    for side in MergeReport.Side.allCases where changes[side] != nil {
      all += all.map { $0.union([side]) }
    }
    return all
  }

  /// Sums over rows, by combination.
  private struct Sums: Sendable {
    var squared: [Double]
    var largest: [Double]
    var fits: [Bool]
    /// Squared distances between combinations, row-major.
    var distances: [Double]
    /// The sum of the squares of what rounding may do to each number.
    var rounding = 0.0
    var count = 0

    init(_ combinations: Int) {
      squared = Array(repeating: 0, count: combinations)
      largest = squared
      fits = Array(repeating: true, count: combinations)
      distances = Array(repeating: 0, count: combinations * combinations)
    }

    static func += (total: inout Sums, part: Sums) {
      for place in total.squared.indices {
        total.squared[place] += part.squared[place]
        total.largest[place] = max(total.largest[place], part.largest[place])
        total.fits[place] = total.fits[place] && part.fits[place]
      }
      for place in total.distances.indices { total.distances[place] += part.distances[place] }
      total.rounding += part.rounding
      total.count += part.count
    }
  }

  /// What the merged matrix turns out to be.
  func role(
    _ side: MergeReport.Side, tensor: String
  ) throws(CheckpointError) -> MergeReport.Role {
    let combinations = combinations
    guard base.columns == merged.columns, let wanted = combinations.firstIndex(of: expected) else {
      return MergeReport.Role(
        side: side, tensor: tensor, expected: expected, found: nil, isAsTrained: false,
        isVisible: true, isTwice: false, maxAbsDiff: .infinity)
    }
    let sums = try sums(combinations)
    let fitting = combinations.indices.filter { sums.fits[$0] }
    let best = fitting.min { sums.squared[$0] < sums.squared[$1] }
    let noise = sums.count > 0 ? sums.rounding / Double(sums.count) : 0
    let least = Self.significance * Self.significance * noise
    func isSame(_ one: Int, _ other: Int) -> Bool {
      sums.distances[one * combinations.count + other] <= least
    }
    let ofEmbedding = combinations.firstIndex(of: [.embedding])
    let ofHead = combinations.firstIndex(of: [.head])
    let isShared = ofEmbedding.flatMap { one in ofHead.map { isSame(one, $0) } } ?? false
    let isTwice = best.map { isShared && combinations[$0].count == 2 && !isSame($0, wanted) }
    return MergeReport.Role(
      side: side, tensor: tensor, expected: expected,
      found: best.map { isSame($0, wanted) ? expected : combinations[$0] },
      isAsTrained: best.map { isSame($0, wanted) } ?? false, isVisible: !isSame(0, wanted),
      isTwice: isTwice ?? false,
      maxAbsDiff: sums.largest[wanted])
  }

  private func sums(_ combinations: [Set<MergeReport.Side>]) throws(CheckpointError) -> Sums {
    let rows = min(base.rows, merged.rows)
    let perBlock = max(1, Self.blockCount / base.columns)
    let count = (rows + perBlock - 1) / perBlock
    let parts = Mutex<[Sums?]>(Array(repeating: nil, count: count))
    let meter = ProgressMeter("comparing", total: rows * base.columns * 4, options)
    do {
      try ParallelLoop.run(blocks: count, threads: options.threads) { number, _ in
        try options.cancellation.check()
        let range = number * perBlock..<min(rows, (number + 1) * perBlock)
        let part = try sums(combinations, range)
        parts.withLock { $0[number] = part }
        meter.advance(range.count * base.columns * 4)
      }
    } catch {
      throw CheckpointError(whileReading: error)
    }
    var total = Sums(combinations.count)
    for part in parts.withLock({ $0 }).compactMap({ $0 }) { total += part }
    return total
  }

  private func sums(
    _ combinations: [Set<MergeReport.Side>], _ rows: Range<Int>
  ) throws -> Sums {
    let start = try base.values(of: rows)
    let end = try merged.values(of: rows)
    var deltas: [MergeReport.Side: AdapterChange.Delta] = [:]
    for (side, change) in changes { deltas[side] = try change.delta(of: rows) }
    var sums = Sums(combinations.count)
    sums.count = end.count
    var candidates: [[Float]] = []
    for (place, sides) in combinations.enumerated() {
      var values = start
      var magnitudes = [Float](repeating: 0, count: rows.count)
      for side in MergeReport.Side.allCases where sides.contains(side) {
        if let delta = deltas[side] {
          try Self.add(delta, to: &values, &magnitudes)
        } else {
          try changes[side]?.replace(&values, of: rows)
        }
      }
      sums.fits[place] = try fits(values, end, magnitudes)
      // Of what does not fit nothing else is asked.
      if sums.fits[place] || sides == expected {
        let statistics = unsafe try PairStatistics(
          of: end.span.bytes, .f32, values.span.bytes, .f32)
        let isFinite = statistics.nonFiniteA == statistics.nonFiniteB
        sums.squared[place] = isFinite ? statistics.squaredDifference : .infinity
        sums.largest[place] = statistics.maxAbsDifference
        if sides == expected { sums.rounding = rounding(statistics.dotAA, magnitudes) }
      }
      candidates.append(values)
    }
    try measure(candidates, combinations, &sums)
    return sums
  }

  private static func add(
    _ delta: AdapterChange.Delta, to values: inout [Float], _ magnitudes: inout [Float]
  ) throws {
    var span = values.mutableSpan
    try PackedKernels.best.add(delta.values.span, times: 1, to: &span)
    for row in magnitudes.indices { magnitudes[row] += delta.magnitudes[row] }
  }

  /// The distances that are asked for: from what is expected, and between the two sides' changes.
  private func measure(
    _ candidates: [[Float]], _ combinations: [Set<MergeReport.Side>], _ sums: inout Sums
  ) throws {
    for (one, sides) in combinations.enumerated() {
      for other in 0..<one {
        let areSides = sides == [.head] && combinations[other] == [.embedding]
        guard sides == expected || combinations[other] == expected || areSides else { continue }
        // The base's distance from the rest says whether a change can be seen at all.
        guard sums.fits[one] || sums.fits[other] || other == 0 || areSides else { continue }
        let (left, right) = (candidates[one], candidates[other])
        let distance = unsafe try PairStatistics(
          of: left.span.bytes, .f32, right.span.bytes, .f32
        ).squaredDifference
        sums.distances[one * combinations.count + other] = distance
        sums.distances[other * combinations.count + one] = distance
      }
    }
  }

  // MARK: Rounding

  /// Half a unit in the last place of the coarsest type that the merge went through.
  private var halfUnit: Double {
    let dtypes = [base.side.dtype, merged.side.dtype] + changes.values.map(\.dtype)
    return dtypes.map(MatrixComparer.halfUnit).max() ?? 0
  }

  /// Products of `rank` terms are summed in F32, in an order that is not known.
  private func summing(_ magnitude: Float) -> Double {
    let rank = changes.values.map(\.rank).max() ?? 0
    return Double(magnitude) * (Self.roundings * halfUnit + Double(rank + 2) * 0x1p-24)
  }

  private func fits(
    _ values: [Float], _ end: [Float], _ magnitudes: [Float]
  ) throws(KernelError) -> Bool {
    for (row, magnitude) in magnitudes.enumerated() {
      let check = ScaleCheck(
        factor: 1, relativeTolerance: Self.roundings * halfUnit,
        absoluteTolerance: summing(magnitude) + MatrixComparer.smallest(merged.side.dtype))
      let range = row * base.columns * 4..<(row + 1) * base.columns * 4
      let mismatch = unsafe try check.firstMismatch(
        embedding: values.span.bytes.extracting(range), .f32,
        head: end.span.bytes.extracting(range), .f32)
      if mismatch != nil { return false }
    }
    return true
  }

  /// The sum of the squares of what rounding may do: uniform within half a unit, a third of whose
  /// square is the variance.
  private func rounding(_ squares: Double, _ magnitudes: [Float]) -> Double {
    let sums = magnitudes.reduce(0) { $0 + Double($1) * Double($1) } * Double(base.columns)
    return (squares + sums) * halfUnit * halfUnit / 3
  }
}
