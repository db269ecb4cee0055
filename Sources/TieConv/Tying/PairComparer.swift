// Compares two members of a group in the way that their packing, shapes and dtypes call for.

/// Finds the evidence on one pair.
struct PairComparer {
  let checkpoint: Checkpoint
  let options: ExecutionOptions
  let compares: Bool
  let measures: Bool

  /// Compares `other` with `reference`.
  func evidence(
    _ reference: ResolvedMember, _ other: ResolvedMember
  ) throws(CheckpointError) -> TieJudge.Evidence {
    guard let one = reference.family, let two = other.family, let main = one.main,
      let otherMain = two.main, let left = checkpoint.tensor(main),
      let right = checkpoint.tensor(otherMain)
    else { return .otherPacking }
    if one.isQuantized || two.isQuantized { return try packedEvidence(one, two) }
    let pair = MatrixPair(
      embedding: (left.shard, left.info), head: (right.shard, right.info))
    guard let pair else { return .otherShape }
    if pair.rows.embedding != pair.rows.head {
      guard compares, measures else { return .otherShape }
      return .different(try MatrixComparer(pair: pair, options: options).comparison())
    }
    guard compares else { return .notCompared }
    let comparer = MatrixComparer(pair: pair, options: options)
    if measures {
      let comparison = try comparer.comparison()
      return comparison.isEqual
        ? .equal(transposed: comparison.orientation == .transposed) : .different(comparison)
    }
    let found = try comparer.equality()
    return found.map { .equal(transposed: $0 == .transposed) } ?? .different(comparer.unmeasured)
  }

  /// Packed matrices are equal where every tensor of the family is.
  private func packedEvidence(
    _ one: TensorFamily, _ other: TensorFamily
  ) throws(CheckpointError) -> TieJudge.Evidence {
    func parts(_ family: TensorFamily) -> [String: TensorInfo] {
      var parts: [String: TensorInfo] = [:]
      for name in family.members {
        guard let (_, info) = checkpoint.tensor(name) else { continue }
        parts[String(name.dropFirst(family.stem.count))] = info
      }
      return parts
    }
    let left = parts(one)
    let right = parts(other)
    guard one.format == other.format, left.keys == right.keys else { return .otherPacking }
    var pairs: [RangePair] = []
    for (suffix, info) in left {
      guard let twin = right[suffix], twin.dtype == info.dtype, twin.shape == info.shape,
        let home = checkpoint.tensor(info.name)?.shard,
        let otherHome = checkpoint.tensor(twin.name)?.shard
      else { return .otherPacking }
      pairs.append(
        RangePair(
          one: home.file, oneOffset: home.fileRange(of: info).lowerBound, other: otherHome.file,
          otherOffset: otherHome.fileRange(of: twin).lowerBound, count: info.byteCount))
    }
    guard compares else { return .notCompared }
    return try RangeComparison(pairs).firstDifference(options) == nil
      ? .equal(transposed: false) : .otherPacking
  }
}
