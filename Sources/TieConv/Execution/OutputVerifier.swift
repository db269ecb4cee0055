// Proof that an output is its input with the edit made and nothing else.

internal import TieConvIO

/// What an output must be, in terms of its input.
struct EditCheck: Sendable {
  /// What config.json must be.
  enum Config: Sendable {
    case unchanged
    /// The flag stands as this at the outermost level, and at every other that states it.
    case states(Bool)
    case text([UInt8])
  }

  let edit: CheckpointEdit
  let config: Config

  init(edit: CheckpointEdit, config: Config) {
    self.edit = edit
    self.config = config
  }

  /// The check of an edit that writes its own config.
  init(_ edit: CheckpointEdit) {
    self.init(edit: edit, config: edit.flag.map { .states($0) } ?? .unchanged)
  }
}

/// Reads an output with fresh readers and compares it with its input.
///
/// It shares no state with the writer: both sides are opened anew, and what must be equal is
/// worked out from the edit and the two headers, not from the plan.
struct OutputVerifier {
  let input: String
  let output: String
  let check: EditCheck

  func verify(_ options: ExecutionOptions) throws(CheckpointError) {
    let before = try Checkpoint(opening: input)
    let after = try Checkpoint(opening: output)
    try checkIndex(after)
    try checkConfig(before, after)
    try checkMetadata(before, after)
    var pairs = try tensorPairs(before, after)
    let carried = before.otherFiles.map(\.path).filter { $0 != Receipt.fileName }
    guard carried == after.otherFiles.map(\.path).filter({ $0 != Receipt.fileName }) else {
      throw failed("other files are missing or added")
    }
    for path in carried { pairs.append((path, try filePair(path, before, after))) }
    let difference = try RangeComparison(pairs.map(\.pair))
      .firstDifference(options, activity: "verifying")
    if let difference { throw failed("bytes differ", pairs[difference.pair].name) }
  }

  private func failed(_ message: String, _ tensor: String? = nil) -> CheckpointError {
    CheckpointError(
      .verificationFailed, file: output, tensor: tensor, "verification failed: \(message)",
      hint: "nothing was put in place; please report this")
  }

  private func checkIndex(_ after: Checkpoint) throws(CheckpointError) {
    if let fault = IndexAudit(after).faults.first(where: \.isLie) {
      throw failed(fault.message, fault.tensor)
    }
  }

  private func checkConfig(_ before: Checkpoint, _ after: Checkpoint) throws(CheckpointError) {
    guard after.layout == .folder else { return }
    let isRight =
      switch check.config {
      case .unchanged: after.config?.text == before.config?.text
      case .text(let text): after.config?.text == text
      case .states(let flag):
        after.config?.flagStatements.first?.depth == 0
          && after.config?.flagStatements.allSatisfy { $0.value == flag } == true
      }
    if !isRight { throw failed("config.json is not what was planned") }
  }

  /// GGUF metadata stays, but for the receipt and the number of tensors of a split model.
  private func checkMetadata(_ before: Checkpoint, _ after: Checkpoint) throws(CheckpointError) {
    let pairs = zip(before.shards.map(\.gguf), after.shards.map(\.gguf))
    let isSame = pairs.allSatisfy { one, other in
      guard let one, let other else { return one == nil && other == nil }
      return one.version == other.version && one.byteOrder == other.byteOrder
        && one.metadata.withoutEdited == other.metadata.withoutEdited
    }
    guard isSame, !before.isGGUF || before.shards.count == after.shards.count else {
      throw failed("GGUF metadata is not what it was")
    }
  }

  private func tensorPairs(
    _ before: Checkpoint, _ after: Checkpoint
  ) throws(CheckpointError) -> [(name: String, pair: RangePair)] {
    let added = Dictionary(
      check.edit.added.map { ($0.name, $0.source) }, uniquingKeysWith: { first, _ in first })
    let formerNames = Dictionary(
      check.edit.renamed.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let expected = before.locations.count - check.edit.dropped.count + added.count
    guard after.locations.count == expected else {
      throw failed("\(after.locations.count) tensors instead of \(expected)")
    }
    var pairs: [(name: String, pair: RangePair)] = []
    pairs.reserveCapacity(expected)
    for shard in after.shards {
      for info in shard.tensors {
        let source = added[info.name] ?? formerNames[info.name] ?? info.name
        guard let (home, original) = before.tensor(source) else {
          throw failed("a tensor that the input does not have", info.name)
        }
        guard original.dtype == info.dtype, original.shape == info.shape else {
          throw failed("dtype or shape changed", info.name)
        }
        pairs.append((info.name, RangePair((home, original), (shard, info))))
      }
    }
    return pairs
  }

  private func filePair(
    _ path: String, _ before: Checkpoint, _ after: Checkpoint
  ) throws(CheckpointError) -> RangePair {
    let (one, other) = try reading { () throws(IOFailure) in
      (
        try before.tree.open(path), try after.tree.open(path)
      )
    }
    guard one.size == other.size else { throw failed("sizes differ", path) }
    return RangePair(one: one, oneOffset: 0, other: other, otherOffset: 0, count: one.size)
  }
}

extension GGUFMetadata {
  /// Without the keys that an edit of tensors may change.
  fileprivate var withoutEdited: GGUFMetadata {
    var rest = self
    rest[Receipt.metadataKey] = nil
    rest[GGUFSplit.tensorCountKey] = nil
    return rest
  }
}
