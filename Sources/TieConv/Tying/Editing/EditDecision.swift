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
    _ group: TieGroup, _ checkpoint: Checkpoint, flag: TieFlag, keep: KeptSide?,
    leftovers: LeftoverCompanions? = nil
  ) throws(CheckpointError) -> EditDecision {
    let file = checkpoint.path
    switch group.verdict {
    case .tied:
      return try leftovers.map { left throws(CheckpointError) in
        try dropping(left, checkpoint, keep: keep)
      } ?? .copy(summary: "already tied")
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

  /// Drops what a head left behind of itself, which strict loaders refuse.
  private static func dropping(
    _ left: LeftoverCompanions, _ checkpoint: Checkpoint, keep: KeptSide?
  ) throws(CheckpointError) -> EditDecision {
    let names = (Array(left.twins.keys) + left.strangers).sorted { $0.utf8Precedes($1) }
    if let stranger = left.strangers.first, keep != .embedding {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: stranger,
        "left behind without its weight, and not what the embedding has",
        hint: "tie --keep embedding gives it up")
    }
    var edit = CheckpointEdit()
    edit.dropped = Set(names)
    return .edit(
      edit, equals: left.twins,
      summary: "dropped \(names.joined(separator: ", ")), left behind without their weight",
      notes: left.strangers.isEmpty ? [] : ["what was given up cannot be restored from the output"])
  }

  /// What `untie` does for the main group; `biases` are the groups of head biases.
  static func untie(
    _ group: TieGroup, _ checkpoint: Checkpoint, flag: TieFlag, unstored: [ResolvedMember],
    biases: [ResolvedGroup], leftovers: LeftoverCompanions? = nil
  ) throws(CheckpointError) -> EditDecision {
    if let stranger = leftovers?.strangers.first {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: stranger,
        "left behind without its weight: beside a copy of the embedding it would change the head",
        hint: "tie --keep embedding drops it; untie the result")
    }
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
