// Finds the tie groups of a checkpoint and judges each.

/// Judges the ties of a checkpoint.
struct TieDetector {
  let checkpoint: Checkpoint
  let options: ExecutionOptions
  /// Whether bytes are compared at all.
  var compares = true
  /// Whether a difference is measured row by row, or only found.
  var measures = true
  /// What explains rows that differ; nil where it is not known.
  var tokenizer: TokenizerSummary?

  /// What the architecture declares; nil where it is unknown.
  var convention: TieConvention? {
    TieConventions.convention(
      architecture: checkpoint.config?.architectures.first,
      modelType: checkpoint.config?.modelType)
  }

  /// What a GGUF model's tie depends on; nil for any other model.
  var gguf: GGUFTie? { GGUFTie(checkpoint) }

  /// The flag in effect.
  var flag: TieFlag { gguf?.flag ?? TieFlag(config: checkpoint.config, convention: convention) }

  /// Whether, odd as a pair of this verdict is, every level of the flag says that it is two.
  func keepsBoth(_ verdict: TieVerdict) -> Bool {
    let flag = flag
    guard flag.effective == false, !flag.isSplit else { return false }
    switch verdict {
    case .nearEqual, .roleScaled, .shapeMismatch, .quantMixed: return true
    default: return false
    }
  }

  /// The roles of the stored tensors.
  func resolution() -> RoleResolution {
    if let gguf { return gguf.resolution }
    let convention = convention
    let condition = convention?.conditionalTies.flatMap {
      checkpoint.config?.root[$0.field]?.bool
    }
    return RoleResolver.resolve(
      convention: convention, names: checkpoint.tensors.map(\.name),
      isStored: { checkpoint.locations[$0] != nil },
      shapeOf: { name in
        checkpoint.tensor(name)?.info.shape.dimensions.map { Int(clamping: $0) }
      }, conditionHolds: condition ?? true)
  }

  /// Every group with its verdict, the main one first.
  func groups() throws(CheckpointError) -> (groups: [TieGroup], problem: String?) {
    let resolution = resolution()
    var groups: [TieGroup] = []
    for group in resolution.groups {
      groups.append(try judged(group))
    }
    return (groups, resolution.problem)
  }

  private func judged(_ group: ResolvedGroup) throws(CheckpointError) -> TieGroup {
    let stored = ordered(group)
    let reference = stored.first
    var members: [TieGroup.Member] = []
    var comparison: MatrixComparison?
    var evidence: TieJudge.Evidence = .equal(transposed: false)
    for resolved in stored {
      guard let reference else { break }
      var found: TieJudge.Evidence = .equal(transposed: false)
      if resolved.name != reference.name {
        found = try compared(reference, resolved)
        let isHead = resolved.role == .head
        if let measured = found.comparison, comparison == nil || isHead { comparison = measured }
        evidence = Self.worse(evidence, found)
      }
      if let member = member(resolved, found, reference) {
        members.append(member)
      }
    }
    let embedding = stored.first { $0.role != .head }?.name
    let head = stored.first { $0.role == .head }?.name
    // Where the loader takes the head for the embedding too, it is the one matrix of a clean tie.
    let headServes = embedding == nil && head != nil && gguf?.headServesAsEmbedding == true
    let judge = TieJudge(
      flag: flag, embeddingStored: embedding != nil || headServes,
      headStored: !headServes && (head != nil || members.count > 1),
      isHeadless: gguf?.isHeadless ?? convention?.isHeadless ?? false, evidence: evidence,
      sharesStorage: members.count > 1 && members.dropFirst().allSatisfy(\.sharesStorage))
    let isEqual: Bool? =
      switch evidence {
      case .equal: members.count > 1 ? true : nil
      case .notCompared: nil
      case .different, .otherShape, .otherPacking: false
      }
    let explanation = explanation(evidence, comparison, members)
    return TieGroup(
      kind: group.kind, isMain: group.isMain, verdict: judge.verdict, embedding: embedding,
      head: head, canonicalEmbedding: group.canonicalEmbedding,
      canonicalHead: group.canonicalHead, members: members, comparison: comparison,
      isEqual: isEqual, explanation: explanation,
      // A tie drops a matrix; its biases stay.
      reclaimableBytes: group.kind == .bias
        ? 0
        : members.dropFirst()
          .filter { $0.equalsReference == true && !$0.sharesStorage }
          .reduce(0) { $0 + familyBytes($1.family) })
  }

  /// What differs, in a sentence.
  private func explanation(
    _ evidence: TieJudge.Evidence, _ comparison: MatrixComparison?, _ members: [TieGroup.Member]
  ) -> String? {
    if case .equal(transposed: true) = evidence {
      return "the head is stored transposed and equals the embedding"
    }
    let shared = members.filter(\.sharesStorage).map(\.name)
    if let first = members.first, !shared.isEmpty {
      return "\(shared.joined(separator: ", ")) and \(first.name) are one storage"
    }
    let sentence = comparison.flatMap {
      DifferenceExplanation(
        comparison: $0, tokenizer: tokenizer, vocabularySize: checkpoint.config?.vocabularySize
      ).sentence
    }
    if case .otherPacking(let difference) = evidence { return difference.described(sentence) }
    return sentence
  }

  /// Stored members, the one that all others are compared with first: the embedding under the
  /// name that the architecture looks for, else the first one stored.
  private func ordered(_ group: ResolvedGroup) -> [ResolvedMember] {
    var stored = group.members.filter(\.stored)
    let place =
      stored.firstIndex { $0.role == .embedding && $0.name == group.canonicalEmbedding }
      ?? stored.firstIndex { $0.role == .embedding }
    if let place { stored.insert(stored.remove(at: place), at: 0) }
    return stored
  }

  private func member(
    _ resolved: ResolvedMember, _ found: TieJudge.Evidence, _ reference: ResolvedMember
  ) -> TieGroup.Member? {
    let main = resolved.family?.main ?? resolved.name
    guard let (shard, info) = checkpoint.tensor(main) else { return nil }
    let isReference = resolved.name == reference.name
    let sharesStorage = !isReference && sharesStorage(resolved, reference)
    let equals: Bool? =
      switch found {
      case .equal: true
      case .notCompared: isReference || sharesStorage ? true : nil
      case .different, .otherShape, .otherPacking: false
      }
    return TieGroup.Member(
      name: main, role: resolved.role, dtype: info.dtype, shape: info.shape, file: shard.name,
      family: resolved.family?.members ?? [main], equalsReference: equals,
      sharesStorage: sharesStorage,
      packing: resolved.family.flatMap { MemberPacking($0, in: checkpoint) })
  }

  /// Whether two names stand for the very same bytes of one file.
  private func sharesStorage(_ one: ResolvedMember, _ other: ResolvedMember) -> Bool {
    guard one.family?.isQuantized != true, other.family?.isQuantized != true,
      let (shard, info) = checkpoint.tensor(one.family?.main ?? one.name),
      let (home, twin) = checkpoint.tensor(other.family?.main ?? other.name)
    else { return false }
    return shard.file === home.file && info.dtype == twin.dtype && info.shape == twin.shape
      && info.byteCount > 0 && info.dataOffsets == twin.dataOffsets
  }

  private func familyBytes(_ names: [String]) -> Int {
    names.reduce(0) { $0 + (checkpoint.tensor($1)?.info.byteCount ?? 0) }
  }

  private func compared(
    _ reference: ResolvedMember, _ other: ResolvedMember
  ) throws(CheckpointError) -> TieJudge.Evidence {
    try PairComparer(
      checkpoint: checkpoint, options: options, compares: compares, measures: measures
    ).evidence(reference, other)
  }

  /// Of two findings in one group, the one that decides.
  private static func worse(
    _ one: TieJudge.Evidence, _ other: TieJudge.Evidence
  ) -> TieJudge.Evidence {
    func rank(_ evidence: TieJudge.Evidence) -> Int {
      switch evidence {
      case .equal: 0
      case .notCompared: 1
      case .different: 2
      case .otherPacking: 3
      case .otherShape: 4
      }
    }
    return rank(other) > rank(one) ? other : one
  }
}
