// compress: a checkpoint into one container, or nothing at all.

internal import TieConvIO

/// Compresses checkpoints.
public struct Compressor: Sendable {
  private let checkpoint: Checkpoint
  private let options: CompressOptions

  /// A compressor of `checkpoint`.
  public init(_ checkpoint: Checkpoint, options: CompressOptions = CompressOptions()) {
    self.checkpoint = checkpoint
    self.options = options
  }

  /// Writes the container `path`; a dry run does all but that.
  public func compress(to path: String) throws(CheckpointError) -> CompressReport {
    try Destination.check(path, for: checkpoint, replacing: options.replaces, as: .file)
    if let base = options.base {
      try Destination.check(path, for: base, replacing: options.replaces, as: .file)
    }
    var planner = ContainerPlanner(
      checkpoint, base: options.base, options: options.execution)
    let plan = try planner.planned()
    if options.isDryRun {
      let size = try write(plan, into: CountingSink())
      try checkUnchanged(plan)
      return report(plan, output: nil, bytes: size)
    }
    let staged = try writing { () throws(IOFailure) in
      try StagedOutput(destination: path, existing: options.replaces ? .replace : .refuse)
    }
    do {
      let size = try write(plan, staged)
      return report(plan, output: path, bytes: size)
    } catch {
      staged.discard()
      throw error
    }
  }

  private func write(
    _ plan: ContainerPlan, _ staged: StagedOutput
  ) throws(CheckpointError) -> Int {
    let output = try writing { () throws(IOFailure) in try OutputFile(creating: staged.path) }
    let size = try write(plan, into: output.stream())
    // A fresh reader takes the table apart while the disk catches up.
    let sync = BackgroundWork { () throws(IOFailure) in try output.sync() }
    do throws(CheckpointError) {
      let copy = try CheckpointOpener(path: staged.path, base: options.base).open()
      guard copy.locations.count == checkpoint.locations.count else {
        throw CheckpointError(
          .verificationFailed, file: path(staged), "tensors are missing from the container")
      }
    } catch {
      try? sync.value()
      throw error
    }
    try writing { () throws(IOFailure) in try sync.value() }
    try checkUnchanged(plan)
    try writing { () throws(IOFailure) in
      try options.execution.cancellation.check()
      try staged.commit()
    }
    return size
  }

  private func write(
    _ plan: ContainerPlan, into sink: any StreamSink
  ) throws(CheckpointError) -> Int {
    try ContainerWriter(
      plan, to: sink, codec: options.codec, verifies: options.verifies,
      options: options.execution
    ).write()
  }

  private func checkUnchanged(_ plan: ContainerPlan) throws(CheckpointError) {
    for source in plan.sources + plan.bases.map(\.piece.source) {
      try reading { () throws(IOFailure) in try source.checkUnchanged() }
    }
  }

  private func path(_ staged: StagedOutput) -> String { staged.destination }

  private func report(_ plan: ContainerPlan, output: String?, bytes: Int) -> CompressReport {
    CompressReport(
      output: output, inputBytes: plan.inputCount, outputBytes: bytes,
      sharedBytes: plan.sharedCount, tensorCount: plan.tensors.count,
      fileCount: plan.files.count,
      verified: options.verifies ? true : nil, isCompression: true)
  }
}
