// Base, adapter and merged checkpoint: which of the adapter's changes are in which role's matrix?

internal import TieConvIO

/// Compares a merged checkpoint with what its adapter was trained as.
struct MergeAudit {
  let base: Checkpoint
  let adapter: PEFTAdapter
  let adapterPath: String
  let merged: Checkpoint
  let options: ExecutionOptions

  /// The two roles of the main group.
  private struct Pair {
    let embedding: String
    let head: String
    let matrices: [MergeReport.Side: NumericMatrix]
    /// Whether one matrix serves both roles.
    let isOne: Bool
    let canonicalEmbedding: String?
    let canonicalHead: String?
  }

  /// Where the changes ended up.
  ///
  /// - Throws: `unsupportedFormat` for an adapter that is not worked out, by its name;
  ///   `invalidAdapter` where it does not fit the base; `notAModel` where either has no pair.
  func report() throws(CheckpointError) -> MergeReport {
    let before = try pair(base)
    let after = try pair(merged)
    let changes = try changes(before)
    var roles: [MergeReport.Role] = []
    for side in MergeReport.Side.allCases {
      guard let start = before.matrices[side], let end = after.matrices[side] else { continue }
      let trial = MergeTrial(
        base: start, merged: end, changes: changes, expected: expected(side, before, changes),
        options: options)
      roles.append(
        try trial.role(side, tensor: side == .embedding ? after.embedding : after.head))
    }
    return MergeReport(adapter: adapterPath, merged: merged.path, roles: roles)
  }

  private func pair(_ checkpoint: Checkpoint) throws(CheckpointError) -> Pair {
    var detector = TieDetector(checkpoint: checkpoint, options: options)
    detector.compares = false
    guard let main = try detector.groups().groups.first(where: \.isMain),
      let embedding = main.embedding ?? main.head, let head = main.head ?? main.embedding
    else {
      throw CheckpointError(
        .notAModel, file: checkpoint.path, "no embedding and no head to look for the adapter in")
    }
    // With the flag true and both stored, the roles are compared as what is stored for each.
    return Pair(
      embedding: embedding, head: head,
      matrices: [
        .embedding: try matrix(embedding, main, checkpoint),
        .head: try matrix(head, main, checkpoint),
      ], isOne: embedding == head, canonicalEmbedding: main.canonicalEmbedding,
      canonicalHead: main.canonicalHead)
  }

  private func matrix(
    _ name: String, _ group: TieGroup, _ checkpoint: Checkpoint
  ) throws(CheckpointError) -> NumericMatrix {
    let member = group.members.first { $0.name == name }
    if member?.packing != nil, let stem = TensorName(name).module,
      let packed = try DequantizedMatrix(stem: String(stem), in: checkpoint),
      let matrix = NumericMatrix(packed)
    {
      return matrix
    }
    guard let matrix = NumericMatrix(name, in: checkpoint) else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: name,
        "no matrix of numbers that a merge could be compared in")
    }
    return matrix
  }

  private func changes(
    _ before: Pair
  ) throws(CheckpointError) -> [MergeReport.Side: AdapterChange] {
    var changes: [MergeReport.Side: AdapterChange] = [:]
    let names = [
      (MergeReport.Side.embedding, before.isOne ? before.canonicalEmbedding : before.embedding),
      (.head, before.isOne ? before.canonicalHead : before.head),
    ]
    for (side, name) in names {
      guard let module = adapter.module(of: name) else { continue }
      let change = try AdapterChange(adapter, module: module)
      if let matrix = before.matrices[side], change.columns != matrix.columns {
        throw AdapterChange.fault(
          adapter, module,
          "its width does not fit the base (\(change.columns) against \(matrix.columns))")
      }
      changes[side] = change
    }
    return changes
  }

  /// The sides whose changes the role was trained with. Over one matrix PEFT trains rows of tokens
  /// for both roles, and anything else for its own, unless the tie is ensured.
  private func expected(
    _ side: MergeReport.Side, _ before: Pair, _ changes: [MergeReport.Side: AdapterChange]
  ) -> Set<MergeReport.Side> {
    if changes[side] != nil { return [side] }
    let other: MergeReport.Side = side == .embedding ? .head : .embedding
    guard before.isOne, let change = changes[other] else { return [] }
    return change.isRows || adapter.ensuresTying ? [other] : []
  }
}
