// From an edited checkpoint and its receipt to the original.

internal import TieConvIO

/// Works out the files of the original that a receipt describes.
struct RestorePlanner {
  let checkpoint: Checkpoint
  let restoration: Receipt.Restoration

  /// The plan.
  ///
  /// - Throws: `invalidReceipt` where the receipt speaks of bytes that are not there.
  func plan() throws(CheckpointError) -> OutputPlan {
    var plan = OutputPlan(files: [])
    let restored = Set(restoration.files.map(\.name))
    let gone = Set(restoration.absent)
    for (name, pieces) in restoration.files {
      var resolved: [OutputPlan.Piece] = []
      for piece in pieces { resolved.append(try self.resolved(piece)) }
      plan.files.append(OutputPlan.File(name: name, pieces: resolved).normalized)
    }
    try checkSize(of: plan)
    guard checkpoint.layout == .folder else { return plan }
    for (name, size) in allFiles where !restored.contains(name) && !gone.contains(name) {
      plan.files.append(
        OutputPlan.File(name: name, pieces: [.copy(file: name, range: 0..<size)]))
    }
    return plan
  }

  /// A receipt may name one range a million times: what it describes must have a size at all.
  private func checkSize(of plan: OutputPlan) throws(CheckpointError) {
    var total = 0
    for piece in plan.files.lazy.flatMap(\.pieces) { total = total.addingSaturated(piece.count) }
    guard total > .max / 2 else { return }
    throw CheckpointError(
      .invalidReceipt, file: checkpoint.path, "receipt describes more than any disk holds")
  }

  private var allFiles: [(String, Int)] {
    checkpoint.shards.map { ($0.name, $0.fileSize) }
      + [checkpoint.index.map { ($0.name, $0.text.count) }].compactMap { $0 }
      + [checkpoint.config.map { ("config.json", $0.text.count) }].compactMap { $0 }
      + checkpoint.otherFiles.map { ($0.path, $0.size) }
  }

  private func resolved(_ piece: Receipt.Piece) throws(CheckpointError) -> OutputPlan.Piece {
    switch piece {
    case .literal(let bytes): return .literal(bytes)
    case .file(let name):
      guard let size = allFiles.first(where: { $0.0 == name })?.1 else { throw stale(name) }
      return .copy(file: name, range: 0..<size)
    case .head(let name, let range):
      guard let shard = shard(name), range.upperBound <= shard.dataStart else { throw stale(name) }
      return .copy(file: shard.name, range: range)
    case .data(let name, let range):
      guard let shard = shard(name), range.upperBound <= shard.fileSize - shard.dataStart else {
        throw stale(name)
      }
      let start = shard.dataStart
      return .copy(file: shard.name, range: start + range.lowerBound..<start + range.upperBound)
    }
  }

  /// The shard called `name`; a lone file may have been renamed since.
  private func shard(_ name: String) -> Shard? {
    checkpoint.layout == .file
      ? checkpoint.shards.first : checkpoint.shards.first { $0.name == name }
  }

  private func stale(_ name: String) -> CheckpointError {
    CheckpointError(
      .invalidReceipt, file: checkpoint.path, "receipt speaks of bytes that \(name) does not have",
      hint: "remove \(Receipt.fileName) to edit the checkpoint without it")
  }
}
