// From an edit and its plan to the receipt, digests of tensors still to be filled in.

internal import TieConvIO

/// Makes the receipt of an edit.
struct ReceiptWriter {
  let checkpoint: Checkpoint
  let job: EditJob

  func receipt(for plan: OutputPlan) throws(CheckpointError) -> Receipt {
    let planner = RestorationPlanner(checkpoint: checkpoint, plan: plan, equals: job.equals)
    var restoration = try planner.restoration()
    if restoration != nil, checkpoint.otherFiles.contains(where: { $0.path == Receipt.fileName }) {
      // An older receipt makes room for this one; it belongs to the original.
      let old = try oldReceipt()
      restoration?.files.append((Receipt.fileName, [.literal(old)]))
    } else if checkpoint.layout == .folder {
      restoration?.absent.append(Receipt.fileName)
    }
    return Receipt(
      version: TieConvVersion.current, operation: job.operation, verdict: job.verdict,
      reason: job.reason, tensors: tensors(), flagEdits: plan.flagEdits,
      files: try states(plan), restoration: restoration,
      origin: try Receipt(readable: checkpoint)?.origin)
  }

  private func oldReceipt() throws(CheckpointError) -> [UInt8] {
    try reading { () throws(IOFailure) in
      let file = try checkpoint.tree.open(Receipt.fileName)
      return try file.bytes(in: 0..<file.size)
    }
  }

  private func tensors() -> [Receipt.Tensor] {
    let dropped = job.edit.dropped.sorted { $0.utf8Precedes($1) }.map { name in
      entry(.dropped, name, job.equals[name].map { job.edit.renamed[$0] ?? $0 }, bytesOf: name)
    }
    let added = job.edit.added.map { entry(.added, $0.name, $0.source, bytesOf: $0.source) }
    let renamed = job.edit.renamed.sorted { $0.key.utf8Precedes($1.key) }.map { old, new in
      entry(.renamed, old, new, bytesOf: old)
    }
    return (dropped + added + renamed).compactMap { $0 }
  }

  private func entry(
    _ action: Receipt.Tensor.Action, _ name: String, _ counterpart: String?, bytesOf: String
  ) -> Receipt.Tensor? {
    checkpoint.tensor(bytesOf).map { _, info in
      Receipt.Tensor(
        action: action, name: name, counterpart: counterpart, dtype: info.dtype,
        shape: info.shape, digest: nil)
    }
  }

  /// The state in which the edit leaves weights, index and config.
  private func states(_ plan: OutputPlan) throws(CheckpointError) -> [Receipt.FileState] {
    let shards = Dictionary(
      checkpoint.shards.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var states: [Receipt.FileState] = []
    for file in plan.files {
      guard let first = file.pieces.first else { continue }
      let isOwn = file.name == checkpoint.index?.name || file.name == "config.json"
      switch first {
      case .literal(let bytes):
        states.append(
          Receipt.FileState(name: file.name, digest: SHA256Digest(of: file.start ?? bytes)))
      case .copy(let name, _):
        if let shard = shards[name] {
          let digest = SHA256Digest(of: try shard.start())
          states.append(Receipt.FileState(name: file.name, digest: digest))
        } else if isOwn {
          let text = name == "config.json" ? checkpoint.config?.text : checkpoint.index?.text
          states.append(Receipt.FileState(name: file.name, digest: SHA256Digest(of: text ?? [])))
        }
      case .computed: continue
      }
    }
    return states
  }
}
