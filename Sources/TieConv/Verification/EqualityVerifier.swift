// verify A B: are two checkpoints the same numbers, however they are stored?

/// Compares two checkpoints through ties, renames, sharding and exact casts.
public struct EqualityVerifier: Sendable {
  private let one: Checkpoint
  private let other: Checkpoint
  private let options: ExecutionOptions

  /// A comparison of `one` with `other`.
  public init(
    _ one: Checkpoint, _ other: Checkpoint, options: ExecutionOptions = ExecutionOptions()
  ) {
    self.one = one
    self.other = other
    self.options = options
  }

  /// A pair of stored tensors.
  private typealias Stored = (shard: Shard, info: TensorInfo)

  /// The report: what differs, by tensor and by row.
  public func report() throws(CheckpointError) -> VerifyReport {
    let matching = try TensorMatching(one, other, options)
    var differences =
      matching.onlyInOne.map { missing($0, in: other) }
      + matching.onlyInOther.map { missing($0, in: one) }
    var greatest: Double = 0
    var alike: [(name: String, one: Stored, other: Stored)] = []
    var casts = 0
    for (name, otherName) in matching.pairs {
      guard let left = one.tensor(name), let right = other.tensor(otherName) else { continue }
      if left.info.dtype == right.info.dtype, left.info.shape == right.info.shape,
        left.shard.byteOrder == right.shard.byteOrder
      {
        alike.append((name, left, right))
      } else if let difference = try measured(name, left, right) {
        differences.append(difference)
        greatest = max(greatest, difference.maxAbsDiff ?? 0)
      } else {
        casts += 1
      }
    }
    let pairs = alike.map { _, left, right in
      RangePair(
        one: left.shard.file, oneOffset: left.shard.fileRange(of: left.info).lowerBound,
        other: right.shard.file, otherOffset: right.shard.fileRange(of: right.info).lowerBound,
        count: left.info.byteCount)
    }
    for number in try RangeComparison(pairs).differingPairs(options).sorted() {
      let (name, left, right) = alike[number]
      let difference =
        try measured(name, left, right)
        ?? VerifyReport.Difference(
          tensor: name, maxAbsDiff: 0,
          reason: "bytes differ, numbers do not: signs of zero or NaN payloads")
      differences.append(difference)
      greatest = max(greatest, difference.maxAbsDiff ?? 0)
    }
    return VerifyReport(
      checks: casts > 0
        ? [
          VerifyReport.Check(
            name: "casts", passed: true, message: "\(casts) tensors are equal after an exact cast")
        ] : [],
      isEqual: differences.isEmpty, tensorsCompared: matching.pairs.count,
      maxAbsDiff: greatest, differences: differences)
  }

  private func missing(_ name: String, in checkpoint: Checkpoint) -> VerifyReport.Difference {
    VerifyReport.Difference(
      tensor: name, maxAbsDiff: nil, reason: "\(checkpoint.path) does not have it")
  }

  /// What differs between two tensors; nil where they are equal after an exact cast.
  private func measured(
    _ name: String, _ left: Stored, _ right: Stored
  ) throws(CheckpointError) -> VerifyReport.Difference? {
    func difference(_ reason: String, _ value: Double? = nil) -> VerifyReport.Difference {
      VerifyReport.Difference(tensor: name, maxAbsDiff: value, reason: reason)
    }
    guard left.info.shape == right.info.shape else {
      return difference("shapes differ: \(left.info.shape) and \(right.info.shape)")
    }
    guard let pair = MatrixPair(flattening: left, right) else {
      return left.info.dtype == right.info.dtype
        ? difference("bytes differ")
        : difference("dtypes differ: \(left.info.dtype.rawValue) and \(right.info.dtype.rawValue)")
    }
    let comparison = try MatrixComparer(pair: pair, options: options).comparison()
    switch comparison.cast {
    case .exact, .dequantized: return nil
    case .sameNumbers where left.info.dtype == right.info.dtype: return nil
    default: break
    }
    let explanation = DifferenceExplanation(
      comparison: comparison, tokenizer: nil, vocabularySize: nil
    ).sentence
    return difference(explanation ?? "bytes differ", comparison.maxAbsDiff)
  }
}
