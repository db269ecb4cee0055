// What tie and untie do for each verdict: the right-hand columns of the truth table.

/// What is to be done with one checkpoint.
enum EditDecision: Sendable {
  /// Already as asked: the output is an exact copy.
  case copy(summary: String)
  /// An edit of tensors, flag or both.
  case edit(CheckpointEdit, equals: [String: String], summary: String, notes: [String])
}

extension EditDecision {
  /// What `tie` does for the main group.
  static func tie(
    _ group: TieGroup, _ checkpoint: Checkpoint, flag: TieFlag, keep: KeptSide?
  ) throws(CheckpointError) -> EditDecision {
    let file = checkpoint.path
    switch group.verdict {
    case .tied: return .copy(summary: "already tied")
    case .noHead, .notAModel, .indexLie: throw .refusal(group, file: file)
    case .headMissing where keep != .embedding: throw .refusal(group, file: file)
    // The level that wins says untied, so what is missing is a head, not a tie.
    case .flagSplit where group.head == nil && flag.effective == false && keep != .embedding:
      throw .refusal(group, file: file)
    default: break
    }
    let builder = TieEditBuilder(group: group, checkpoint: checkpoint, flag: flag)
    if group.isEqual == true || group.members.count == 1 { return try builder.lossless() }
    guard let keep, group.verdict != .quantMixed else { throw .refusal(group, file: file) }
    return try builder.keeping(keep)
  }

  /// What `untie` does for the main group; `biases` are the groups of head biases.
  static func untie(
    _ group: TieGroup, _ checkpoint: Checkpoint, flag: TieFlag, unstored: [ResolvedMember],
    biases: [ResolvedGroup]
  ) throws(CheckpointError) -> EditDecision {
    switch group.verdict {
    case .untied, .untiedEqual: return .copy(summary: "already untied")
    // llama.cpp wants the one matrix stored twice here.
    case .headMissing where checkpoint.isGGUF: break
    case .headMissing, .noHead, .notAModel, .indexLie:
      throw .refusal(group, file: checkpoint.path)
    case .flagSplit where group.head == nil && flag.effective == false:
      throw .refusal(group, file: checkpoint.path)
    case .nearEqual, .roleScaled, .shapeMismatch, .quantMixed:
      if flag.effective == false && !flag.isSplit { return .copy(summary: "already untied") }
    default: break
    }
    return try UntieEditBuilder(
      group: group, checkpoint: checkpoint, flag: flag, unstored: unstored, biases: biases
    ).decision()
  }
}
