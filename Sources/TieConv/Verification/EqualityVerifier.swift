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
    try checkNames(matching)
    var differences =
      matching.onlyInOne.map { missing($0, in: "second") }
      + matching.onlyInOther.map { missing($0, in: "first") }
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
    let pairs = alike.map { RangePair($0.one, $0.other) }
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
    let checks = try checks(matching, casts: casts)
    return VerifyReport(
      checks: checks, isEqual: differences.isEmpty && checks.allSatisfy(\.passed),
      tensorsCompared: matching.pairs.count, maxAbsDiff: greatest, differences: differences)
  }

  /// What goes with the tensors: what they were compared through, the configs, other files.
  private func checks(
    _ matching: TensorMatching, casts: Int
  ) throws(CheckpointError) -> [VerifyReport.Check] {
    var checks: [VerifyReport.Check] = []
    func note(_ name: String, _ message: String) {
      checks.append(VerifyReport.Check(name: name, passed: true, message: message))
    }
    if !matching.standIns.isEmpty {
      note("ties", matching.standIns.map { "\($0.name) is \($0.matrix)" }.joined(separator: ", "))
    }
    if casts > 0 { note("casts", "\(counted(casts, "tensor")) equal after an exact cast") }
    if let left = one.config, let right = other.config,
      let check = ConfigComparison(left, right).check
    {
      checks.append(check)
    }
    let unlike = try CompanionFiles.unlike(one, other)
    if !unlike.isEmpty {
      note("files", "not judged: other bytes in \(unlike.joined(separator: ", "))")
    }
    return checks
  }

  /// GGUF files have names, and partly layouts, of their own: the tensors of a GGUF file and of
  /// another checkpoint cannot be paired as they are.
  private func checkNames(_ matching: TensorMatching) throws(CheckpointError) {
    guard one.isGGUF != other.isGGUF, matching.pairs.count < matching.onlyInOne.count else {
      return
    }
    throw CheckpointError(
      .unsupportedFormat, file: (one.isGGUF ? one : other).path,
      "a GGUF file names and lays out its tensors in its own way",
      hint: "tieconv convert --to safetensors makes of it what can be compared; "
        + "verify --logits compares the two as they are")
  }

  private func missing(_ name: String, in which: String) -> VerifyReport.Difference {
    VerifyReport.Difference(
      tensor: name, maxAbsDiff: nil, reason: "the \(which) checkpoint does not have it")
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
