// decompress: a container into the files it was made of, byte for byte, or nothing at all.

internal import TieConvIO

/// Unpacks containers.
public struct Decompressor: Sendable {
  private let checkpoint: Checkpoint
  private let base: Checkpoint?
  private let options: DecompressOptions

  /// Opens the container `path`, with the checkpoint that it was compressed against.
  ///
  /// - Throws: `wrongBase` where another base is needed than the one given, or one at all.
  public init(
    opening path: String, base: Checkpoint? = nil, options: DecompressOptions = DecompressOptions()
  ) throws(CheckpointError) {
    checkpoint = try CheckpointOpener(path: path, base: base).open()
    self.base = base
    self.options = options
  }

  /// Restores the files at `path`.
  public func decompress(to path: String) throws(CheckpointError) -> CompressReport {
    guard let container = checkpoint.container else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, "not a .tiepack file",
        hint: "compress makes one of it")
    }
    if container.needsBase, base == nil {
      throw CheckpointError(
        .wrongBase, file: checkpoint.path, "holds differences to a base",
        hint: "give the checkpoint that it was compressed against with --base")
    }
    try Destination.check(path, for: checkpoint, replacing: options.replaces)
    try BaseCheck(container, options: options.execution).check()
    let plan = plan(container)
    let executor = EditExecutor(
      checkpoint: checkpoint, options: options.execution, verifies: false,
      replaces: options.replaces)
    if !options.isDryRun {
      _ = try executor.write(plan, at: path, EditCheck(edit: CheckpointEdit(), config: .unchanged))
    }
    return CompressReport(
      output: options.isDryRun ? nil : path, inputBytes: container.file.size,
      outputBytes: plan.count, sharedBytes: 0, tensorCount: container.table.tensors.count,
      fileCount: container.table.files.count, verified: options.isDryRun ? nil : true,
      isCompression: false)
  }

  /// Every file, cut where a blob starts, so that each chunk is decoded once.
  private func plan(_ container: Container) -> OutputPlan {
    var plan = OutputPlan(files: [])
    for (number, file) in container.table.files.enumerated() {
      let entry = ContainerEntry(container, file: number)
      let ends = entry.seams.dropFirst() + [entry.size]
      let pieces = zip(entry.seams, ends).map { start, end in
        OutputPlan.Piece.copy(file: file.path, range: start..<end)
      }
      plan.files.append(OutputPlan.File(name: file.path, pieces: pieces))
    }
    return plan
  }
}
