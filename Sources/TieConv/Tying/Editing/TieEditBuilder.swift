// From a judged group to the edit that ties it.

/// Builds the edit of `tie`.
struct TieEditBuilder {
  let group: TieGroup
  let checkpoint: Checkpoint
  let flag: TieFlag

  /// Drops every equal copy, and gives what stays the name that the architecture looks for.
  func lossless() throws(CheckpointError) -> EditDecision {
    guard let reference = group.members.first else { throw .refusal(group, file: checkpoint.path) }
    var edit = CheckpointEdit()
    var equals: [String: String] = [:]
    for member in group.redundantMembers {
      edit.dropped.formUnion(member.family)
      // A transposed copy cannot be made again out of the bytes that stay.
      guard member.shape == reference.shape else { continue }
      for (name, twin) in zip(member.family, reference.family) { equals[name] = twin }
    }
    rename(reference, in: &edit)
    try setFlag(&edit)
    let dropped = group.redundantMembers.map(\.name)
    if dropped.isEmpty && edit.renamed.isEmpty {
      return .edit(edit, equals: [:], summary: "set the flag to tied", notes: notes)
    }
    let summary =
      dropped.isEmpty
      ? "renamed \(reference.name) to \(edit.renamed[reference.name] ?? reference.name)"
      : "dropped \(dropped.joined(separator: ", ")), equal to \(reference.name)"
    return .edit(edit, equals: equals, summary: summary, notes: notes)
  }

  /// Keeps one side of a pair that differs; the other one is given up.
  func keeping(_ side: KeptSide) throws(CheckpointError) -> EditDecision {
    let kept = group.members.first { ($0.role == .head) == (side == .head) }
    guard let kept else { throw .refusal(group, file: checkpoint.path) }
    // MLX multiplies by a packed embedding's transpose, and llama.cpp looks tokens up in a quantized
    // table as well as it multiplies with it; no other runtime is known to.
    let servesBoth =
      kept.packing?.scheme?.method == .mlx
      || kept.family.count == 1 && (kept.dtype.isFloat || checkpoint.isGGUF)
    guard servesBoth, kept.shape.rank == 2 else {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: kept.name, "a packed matrix cannot serve both",
        hint: "keep the other side, or quantize after tying")
    }
    try checkShape(of: kept)
    var edit = CheckpointEdit()
    for member in group.members where member.name != kept.name {
      edit.dropped.formUnion(member.family)
    }
    rename(kept, in: &edit)
    try setFlag(&edit)
    let lost = group.members.map(\.name).filter { $0 != kept.name }
    return .edit(
      edit, equals: [:], summary: "kept \(kept.name), gave up \(lost.joined(separator: ", "))",
      notes: notes + ["the matrix that was given up cannot be restored from the output"])
  }

  private func checkShape(of kept: TieGroup.Member) throws(CheckpointError) {
    let expected = group.members.first?.shape.matrix?.columns
    guard let matrix = kept.shape.matrix, matrix.columns == expected else {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: kept.name,
        "stored transposed: it cannot stand in the embedding's place", hint: "keep the embedding")
    }
    guard let vocabulary = checkpoint.config?.vocabularySize, matrix.rows != vocabulary else {
      return
    }
    throw CheckpointError(
      .conflict, file: checkpoint.path, tensor: kept.name, "row count is not vocab_size",
      found: "\(matrix.rows)", expected: "\(vocabulary)", hint: "resize it first")
  }

  private func rename(_ member: TieGroup.Member, in edit: inout CheckpointEdit) {
    guard let canonical = group.canonicalEmbedding, member.name != canonical,
      let from = TensorName(member.name).module, let to = TensorName(canonical).module
    else { return }
    let isFree = !group.members.contains { $0.name == canonical && !edit.dropped.contains($0.name) }
    guard isFree else { return }
    for name in member.family {
      edit.renamed[name] = String(to) + name.dropFirst(from.count)
    }
  }

  /// The flag moves with the tensors, or nothing moves.
  private func setFlag(_ edit: inout CheckpointEdit) throws(CheckpointError) {
    if flag.isForced { return }
    if checkpoint.layout == .folder {
      edit.flag = checkpoint.config == nil ? nil : true
    } else if checkpoint.config != nil, flag.effective != true || flag.isSplit {
      throw CheckpointError(
        .conflict, file: checkpoint.path,
        "the config beside this file does not say tied, and would not follow",
        hint: "give the folder, so that both are edited together")
    }
  }

  private var notes: [String] {
    if let note = flag.splitNote { return [note] }
    return checkpoint.layout == .folder && checkpoint.config == nil && !checkpoint.isGGUF
      ? ["there is no config.json to state the tie in"] : []
  }
}
