// Carries out an edit: write beside, verify with a fresh reader, sync, rename.

internal import TieConvIO
internal import TieConvKernels

/// An edit with all that its receipt will say.
struct EditJob: Sendable {
  let edit: CheckpointEdit
  let operation: Receipt.Operation
  let verdict: String
  let reason: String
  /// For each dropped tensor whose bytes stay, the stored tensor that has them.
  let equals: [String: String]
}

/// What is left when an edit is done.
struct EditResult: Sendable {
  let output: String?
  let outputBytes: Int
  let flagEdits: [ModelConfig.FlagEdit]
  let verified: Bool?
  let receipt: String?
}

/// Writes the output of an edit, or nothing at all.
struct EditExecutor {
  let checkpoint: Checkpoint
  let options: ExecutionOptions
  /// Whether the output is compared with the input before it is put in place.
  var verifies = true
  var replaces = false

  /// Plans the edit without writing anything.
  func planned(_ job: EditJob) throws(CheckpointError) -> OutputPlan {
    var plan = try EditPlanner(checkpoint: checkpoint, edit: job.edit).plan()
    plan.files.removeAll { $0.name == Receipt.fileName }
    return plan
  }

  /// Carries out `job` at `destination`.
  func run(_ job: EditJob, at destination: String) throws(CheckpointError) -> EditResult {
    try Destination.check(destination, for: checkpoint, replacing: replaces)
    switch checkpoint.layout {
    case .folder: return try runFolder(job, at: destination)
    case .file: return try runFile(job, at: destination)
    }
  }

  // MARK: Folder

  private func runFolder(
    _ job: EditJob, at destination: String
  ) throws(CheckpointError) -> EditResult {
    let plan = try planned(job)
    var receipt = try ReceiptWriter(checkpoint: checkpoint, job: job).receipt(for: plan)
    let sources = try SourceFiles(checkpoint, for: plan)
    let result = try stage(at: destination) { (staged) throws(CheckpointError) -> EditResult in
      let digests = TensorDigests(checkpoint, receipt.tensors, options)
      let files = try writeFolder(plan, sources, staged)
      try digests.fill(&receipt)
      let text = Array(receipt.json().pretty.utf8)
      let path = FilePath.join(staged.path, Receipt.fileName)
      let receiptFile = try writing { () throws(IOFailure) in
        let file = try OutputFile(creating: path)
        try file.write(text, at: 0)
        return file
      }
      try finish(files + [receiptFile], sources, staged, EditCheck(job.edit))
      return EditResult(
        output: destination, outputBytes: plan.count + text.count, flagEdits: plan.flagEdits,
        verified: verifies ? true : nil,
        receipt: FilePath.join(destination, Receipt.fileName))
    }
    return result
  }

  func writeFolder(
    _ plan: OutputPlan, _ sources: SourceFiles, _ staged: StagedOutput
  ) throws(CheckpointError) -> [OutputFile] {
    try writing { () throws(IOFailure) in
      try FileSystem.makeDirectory(staged.path)
      let folders = Set(plan.files.flatMap { Self.parents(of: $0.name) })
      for folder in folders.sorted() {
        try FileSystem.makeDirectory(FilePath.join(staged.path, folder))
      }
    }
    return try OutputWriter(plan: plan, sources: sources, options: options).write {
      FilePath.join(staged.path, $0.name)
    }
  }

  /// Every folder above `path`, outermost first.
  private static func parents(of path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { parts[...$0].joined(separator: "/") }
  }

  // MARK: One file

  private func runFile(
    _ job: EditJob, at destination: String
  ) throws(CheckpointError) -> EditResult {
    var planner = EditPlanner(checkpoint: checkpoint, edit: job.edit)
    planner.metadata = (Receipt.metadataKey, "")
    var receipt = try ReceiptWriter(checkpoint: checkpoint, job: job)
      .receipt(for: try planner.plan())
    let digests = TensorDigests(checkpoint, receipt.tensors, options)
    try digests.fill(&receipt)
    planner.metadata = (Receipt.metadataKey, receipt.json().compact)
    return try write(
      try planner.plan(), at: destination, EditCheck(edit: job.edit, config: .unchanged),
      receipt: destination)
  }

  // MARK: A plan as it is

  /// Writes `plan` and no receipt of its own.
  func write(
    _ plan: OutputPlan, at destination: String, _ check: EditCheck, receipt: String? = nil
  ) throws(CheckpointError) -> EditResult {
    try Destination.check(destination, for: checkpoint, replacing: replaces)
    let sources = try SourceFiles(checkpoint, for: plan)
    return try stage(at: destination) { (staged) throws(CheckpointError) -> EditResult in
      let files: [OutputFile]
      switch checkpoint.layout {
      case .folder: files = try writeFolder(plan, sources, staged)
      case .file:
        files = try OutputWriter(plan: plan, sources: sources, options: options).write { _ in
          staged.path
        }
      }
      try finish(files, sources, staged, check)
      return EditResult(
        output: destination, outputBytes: plan.count, flagEdits: plan.flagEdits,
        verified: verifies ? true : nil, receipt: receipt)
    }
  }

  // MARK: Common

  /// Runs `body` with a staging place, and leaves nothing behind where it throws.
  func stage<Result>(
    at destination: String, _ body: (StagedOutput) throws(CheckpointError) -> Result
  ) throws(CheckpointError) -> Result {
    let staged = try writing { () throws(IOFailure) in
      try StagedOutput(destination: destination, existing: replaces ? .replace : .refuse)
    }
    do {
      return try body(staged)
    } catch {
      staged.discard()
      throw error
    }
  }

  /// Verifies while the disk catches up, then puts the output in its place.
  func finish(
    _ files: [OutputFile], _ sources: SourceFiles, _ staged: StagedOutput, _ check: EditCheck
  ) throws(CheckpointError) {
    try finish(files, sources, staged) { () throws(CheckpointError) in
      try OutputVerifier(input: checkpoint.path, output: staged.path, check: check)
        .verify(options)
    }
  }

  /// The same with a verification of the caller's own.
  func finish(
    _ files: [OutputFile], _ sources: SourceFiles, _ staged: StagedOutput,
    verifying verify: () throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let sync = BackgroundWork { () throws(IOFailure) in
      for file in files { try file.sync() }
    }
    do {
      if verifies { try verify() }
    } catch {
      try? sync.value()
      throw error
    }
    try writing { () throws(IOFailure) in try sync.value() }
    try sources.checkUnchanged()
    try writing { () throws(IOFailure) in
      try options.cancellation.check()
      try staged.commit()
    }
  }
}
