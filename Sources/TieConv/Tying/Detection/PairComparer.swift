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
    if reference.role == .bias, other.role == .bias {
      return try biasEvidence(reference.name, other.name)
    }
    guard let one = reference.family, let two = other.family, let main = one.main,
      let otherMain = two.main, let left = checkpoint.tensor(main),
      let right = checkpoint.tensor(otherMain)
    else {
      return .otherPacking(
        PackingDifference(packings: ("a matrix", "companions alone"), comparison: nil))
    }
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

  /// Biases are vectors: compared as they are, each number a row.
  private func biasEvidence(
    _ name: String, _ otherName: String
  ) throws(CheckpointError) -> TieJudge.Evidence {
    guard let left = checkpoint.tensor(name), let right = checkpoint.tensor(otherName),
      left.info.shape == right.info.shape, let pair = MatrixPair(flattening: left, right)
    else { return .otherShape }
    guard compares else { return .notCompared }
    let comparison = try MatrixComparer(pair: pair, options: options).comparison()
    return comparison.isEqual ? .equal(transposed: false) : .different(comparison)
  }

  // MARK: Packed matrices

  /// Packed matrices are equal where every tensor of the family is. Where one is not, the numbers
  /// that the codes stand for are compared.
  private func packedEvidence(
    _ one: TensorFamily, _ other: TensorFamily
  ) throws(CheckpointError) -> TieJudge.Evidence {
    if let pairs = twins(one, other) {
      guard compares else { return .notCompared }
      if try RangeComparison(pairs).firstDifference(options) == nil {
        return .equal(transposed: false)
      }
    }
    let left = PackedSide(one, in: checkpoint)
    let right = PackedSide(other, in: checkpoint)
    let difference = PackingDifference(
      packings: (left.description, right.description), comparison: nil)
    guard let leftSide = left.side, let rightSide = right.side,
      let leftExtents = left.extents, let rightExtents = right.extents
    else { return .otherPacking(difference) }
    guard let pair = MatrixPair(leftSide, leftExtents, rightSide, rightExtents) else {
      return .otherShape
    }
    let isOneScheme = left.scheme == right.scheme
    guard compares, measures else {
      return pair.rows.embedding != pair.rows.head ? .otherShape : .otherPacking(difference)
    }
    var comparison = try MatrixComparer(pair: pair, options: options).comparison()
    if left.scheme == nil, right.scheme == nil {
      // Equal numbers whose companions differ are not one matrix: dropping one would lose those.
      return comparison.isEqual
        ? .otherPacking(
          PackingDifference(packings: difference.packings, comparison: comparison))
        : .different(comparison)
    }
    comparison.isDequantized = true
    if isOneScheme || pair.rows.embedding != pair.rows.head { return .different(comparison) }
    return .otherPacking(
      PackingDifference(packings: difference.packings, comparison: comparison))
  }

  /// The tensors of two families, pairwise; nil where they differ in names, dtypes or shapes.
  private func twins(_ one: TensorFamily, _ other: TensorFamily) -> [RangePair]? {
    guard one.format == other.format, one.members.count == other.members.count else { return nil }
    var pairs: [RangePair] = []
    for name in one.members {
      let twinName = other.stem + name.dropFirst(one.stem.count)
      guard let left = checkpoint.tensor(name), let right = checkpoint.tensor(twinName),
        left.info.dtype == right.info.dtype, left.info.shape == right.info.shape
      else { return nil }
      pairs.append(RangePair(left, right))
    }
    return pairs
  }
}

/// One side of a pair of which at least one is packed: the numbers that it stands for.
private struct PackedSide {
  let side: MatrixPair.Side?
  let extents: (rows: Int, columns: Int)?
  /// The packing; nil where it is plain or not decoded.
  let scheme: QuantizationScheme?
  let description: String

  init(_ family: TensorFamily, in checkpoint: Checkpoint) {
    guard family.isPacked(in: checkpoint) else {
      guard let (shard, info) = family.main.flatMap({ checkpoint.tensor($0) }) else {
        (side, extents, scheme, description) = (nil, nil, nil, "nothing")
        return
      }
      side = MatrixPair.side((shard, info))
      extents = info.byteCount > 0 ? info.shape.matrix : nil
      scheme = nil
      let others = family.companions.map { String($0.dropFirst(family.stem.count + 1)) }
      description =
        "plain \(info.dtype.rawValue)"
        + (others.isEmpty ? "" : " with \(others.joined(separator: ", "))")
      return
    }
    do throws(CheckpointError) {
      let matrix = try DequantizedMatrix(family, in: checkpoint)
      side = MatrixPair.Side(matrix)
      extents = (matrix.rows, matrix.columns)
      scheme = matrix.scheme
      description = matrix.scheme.description
    } catch {
      (side, extents, scheme, description) = (nil, nil, nil, error.message)
    }
  }
}
