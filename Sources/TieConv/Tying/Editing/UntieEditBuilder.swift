// From a judged group to the edit that unties it.

/// Builds the edit of `untie`.
struct UntieEditBuilder {
  let group: TieGroup
  let checkpoint: Checkpoint
  let flag: TieFlag
  /// Names of the group that the architecture knows and the files do not have.
  let unstored: [ResolvedMember]
  let biases: [ResolvedGroup]

  func decision() throws(CheckpointError) -> EditDecision {
    var edit = CheckpointEdit()
    if let reference = group.members.first {
      // Where the architecture ties whatever the flag says, only the head is stored as well.
      for member in unstored where !flag.isForced || member.role == .head {
        try add(member.name, copyOf: reference, to: &edit)
      }
    }
    if group.embedding == nil || group.head == nil, edit.added.isEmpty {
      throw CheckpointError(
        .conflict, file: checkpoint.path,
        "it is not known under which name this architecture looks for the missing matrix",
        hint: "config.json names no architecture that is known")
    }
    addBiases(to: &edit)
    try setFlag(&edit)
    if edit.isEmpty { return .copy(summary: "both matrices are stored already") }
    let names = edit.added.map(\.name)
    let summary =
      names.isEmpty
      ? "set the flag to untied, kept both matrices"
      : "stored \(names.joined(separator: ", ")) as well"
    return .edit(edit, equals: [:], summary: summary, notes: notes)
  }

  private func add(
    _ name: String, copyOf reference: TieGroup.Member, to edit: inout CheckpointEdit
  ) throws(CheckpointError) {
    guard let from = TensorName(reference.name).module, let to = TensorName(name).module else {
      return
    }
    let isMLX = reference.family.contains(String(from) + ".scales")
    guard reference.family.count == 1 || isMLX else {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: reference.name,
        "a packed table would need a quantization config of its own for the second copy",
        hint: "untie the float checkpoint and quantize it afterwards")
    }
    if isMLX, checkpoint.config?.quantization?[String(from)] != nil {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: reference.name,
        "config.json packs this module in a way of its own, which a copy would not have",
        hint: "untie the float checkpoint and quantize it afterwards")
    }
    for member in reference.family {
      let copy = String(to) + member.dropFirst(from.count)
      if checkpoint.tensor(copy) == nil {
        edit.added.append(CheckpointEdit.Addition(name: copy, source: member))
      }
    }
  }

  /// A head's bias under a second name is untied with the head.
  private func addBiases(to edit: inout CheckpointEdit) {
    guard !flag.isForced else { return }
    for bias in biases {
      guard let stored = bias.members.first(where: \.stored) else { continue }
      for member in bias.members where !member.stored {
        edit.added.append(CheckpointEdit.Addition(name: member.name, source: stored.name))
      }
    }
  }

  private func setFlag(_ edit: inout CheckpointEdit) throws(CheckpointError) {
    if flag.isForced, group.isEqual != false || flag.effective == false { return }
    if flag.switchesScale {
      throw CheckpointError(
        .conflict, file: checkpoint.path,
        "in this architecture a false flag also switches off the scale of the logits",
        hint: "state scale_decoder_outputs in config.json, then untie")
    }
    if checkpoint.layout == .folder {
      edit.flag = checkpoint.config == nil ? nil : false
    } else if checkpoint.config != nil, flag.effective != false || flag.isSplit {
      throw CheckpointError(
        .conflict, file: checkpoint.path,
        "the config beside this file does not say untied, and would not follow",
        hint: "give the folder, so that both are edited together")
    }
  }

  private var notes: [String] {
    if let note = flag.splitNote { return [note] }
    if flag.isForced {
      return ["\(flag.source ?? "this architecture always ties"): equal copies are tied on load"]
    }
    return checkpoint.layout == .folder && checkpoint.config == nil && !checkpoint.isGGUF
      ? ["there is no config.json to state the flag in"] : []
  }
}
