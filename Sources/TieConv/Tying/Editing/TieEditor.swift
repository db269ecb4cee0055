// tie and untie: judge, decide, carry out.

internal import TieConvIO

/// Ties and unties checkpoints.
public struct TieEditor: Sendable {
  private let checkpoint: Checkpoint
  private let options: EditOptions

  /// An editor for `checkpoint`, which it never modifies.
  public init(_ checkpoint: Checkpoint, options: EditOptions = EditOptions()) {
    self.checkpoint = checkpoint
    self.options = options
  }

  /// Writes a copy of the checkpoint to `output` in which embedding and head are stored once.
  ///
  /// Lossless, or refused with `conflict`, unless ``EditOptions/keep`` says which side wins.
  /// - Throws: `conflict` where the answer is no; any other code where it could not be done.
  public func tie(to output: String) throws(CheckpointError) -> EditReport {
    let evidence = try judge()
    // Not equal, and not because only one is stored: the receipt's tie has come apart since.
    if evidence.main.isEqual != false, try addedAreCopies(evidence.main),
      let restored = try restored(.untie, to: output, evidence.main.verdict)
    {
      return restored
    }
    try GGUFTie(checkpoint)?.checkTie(evidence.main, file: checkpoint.path)
    let decision = try EditDecision.tie(
      evidence.main, checkpoint, flag: evidence.flag, keep: options.keep,
      leftovers: try LeftoverCompanions(of: evidence.main, in: checkpoint, options.execution))
    return try carryOut(decision, .tie, evidence, output)
  }

  /// Writes a copy of the checkpoint to `output` in which embedding and head are both stored, and
  /// the flag says so at every level.
  ///
  /// - Throws: `conflict` where the answer is no; any other code where it could not be done.
  public func untie(to output: String) throws(CheckpointError) -> EditReport {
    let evidence: Evidence
    do { evidence = try judge() } catch {
      // With a tensor gone, names alone may no longer tell the roles; a receipt still does.
      if error.code == .conflict, let restored = try restored(.tie, to: output, .notAModel) {
        return restored
      }
      throw error
    }
    if let restored = try restored(.tie, to: output, evidence.main.verdict) { return restored }
    try GGUFTie(checkpoint)?.checkUntie(evidence.main, file: checkpoint.path)
    let resolution = evidence.resolution
    let decision = try EditDecision.untie(
      evidence.main, checkpoint, flag: evidence.flag,
      unstored: resolution.main?.members.filter { !$0.stored } ?? [],
      biases: resolution.groups.filter { $0.kind == .bias },
      leftovers: try LeftoverCompanions(of: evidence.main, in: checkpoint, options.execution))
    return try carryOut(decision, .untie, evidence, output)
  }

  // MARK: Judging

  private struct Evidence {
    let main: TieGroup
    let flag: TieFlag
    let resolution: RoleResolution
    let rebuildsIndex: Bool
  }

  private func judge() throws(CheckpointError) -> Evidence {
    let rebuildsIndex = try checkIndex()
    var detector = TieDetector(checkpoint: checkpoint, options: options.execution)
    // A copy only needs to know whether the two are equal; the first difference tells.
    detector.measures = false
    var found = try detector.groups()
    if found.groups.first(where: \.isMain)?.isEqual == false {
      detector.measures = true
      detector.tokenizer = TokenizerSummary(of: checkpoint)
      found = try detector.groups()
    }
    guard let main = found.groups.first(where: \.isMain) else {
      throw CheckpointError(
        .conflict, file: checkpoint.path,
        "NOT_A_MODEL: \(found.problem ?? TieVerdict.notAModel.meaning)")
    }
    return Evidence(
      main: main, flag: detector.flag, resolution: detector.resolution(),
      rebuildsIndex: rebuildsIndex)
  }

  /// Refuses an index that lies, unless it is to be rebuilt and the headers tell enough.
  private func checkIndex() throws(CheckpointError) -> Bool {
    guard let lie = IndexAudit(checkpoint).faults.first(where: \.isLie) else { return false }
    if options.rebuildsIndex, checkpoint.isIndexRebuildable { return true }
    throw CheckpointError(
      .conflict, file: checkpoint.path, tensor: lie.tensor, "INDEX_LIE: \(lie.message)",
      hint: checkpoint.isIndexRebuildable
        ? "--rebuild-index writes the index anew from the headers"
        : "fetch the missing files, or remove the stale ones")
  }

  // MARK: Carrying out

  private var executor: EditExecutor {
    EditExecutor(
      checkpoint: checkpoint, options: options.execution, verifies: options.verifies,
      replaces: options.replaces)
  }

  private func carryOut(
    _ decision: EditDecision, _ operation: Receipt.Operation, _ evidence: Evidence,
    _ output: String
  ) throws(CheckpointError) -> EditReport {
    switch decision {
    case .copy(let summary):
      var edit = CheckpointEdit()
      edit.rebuildsIndex = evidence.rebuildsIndex
      let plan = try EditPlanner(checkpoint: checkpoint, edit: edit).plan()
      let result =
        options.isDryRun
        ? .dryRun(plan) : try executor.write(plan, at: output, EditCheck(edit))
      return report(
        evidence.main.verdict, result, edit, summary: "\(summary): nothing to do but to copy",
        notes: [])
    case .edit(var edit, let equals, let summary, let notes):
      edit.rebuildsIndex = evidence.rebuildsIndex
      let job = EditJob(
        edit: edit, operation: operation, verdict: evidence.main.verdict.rawValue,
        reason: summary, equals: equals)
      let result =
        options.isDryRun
        ? .dryRun(try executor.planned(job)) : try executor.run(job, at: output)
      return report(evidence.main.verdict, result, edit, summary: summary, notes: notes)
    }
  }

  /// Undoes an earlier edit of `operation` exactly, where its receipt still describes the files.
  private func restored(
    _ operation: Receipt.Operation, to output: String, _ verdict: TieVerdict
  ) throws(CheckpointError) -> EditReport? {
    guard let receipt = try Receipt(of: checkpoint), receipt.operation == operation,
      let restoration = receipt.restoration, try receipt.changedFiles(in: checkpoint).isEmpty
    else { return nil }
    let plan = try RestorePlanner(checkpoint: checkpoint, restoration: restoration).plan()
    let edit = receipt.inverseEdit
    let config = restoration.files.first { $0.name == "config.json" }
    var check = EditCheck(edit: edit, config: .unchanged)
    if case .literal(let text)? = config?.pieces.first {
      check = EditCheck(edit: edit, config: .text(text))
    }
    let result: EditResult
    do {
      result = options.isDryRun ? .dryRun(plan) : try executor.write(plan, at: output, check)
    } catch  where error.code == .verificationFailed {
      // The plan is the receipt's own; that it does not give the original is the receipt's fault.
      throw CheckpointError(
        .invalidReceipt, file: checkpoint.path, tensor: error.tensor,
        "receipt does not describe this checkpoint's original",
        hint: "remove it to edit the checkpoint without it")
    }
    return report(
      verdict, result, edit, summary: "restored what it was before the \(operation.rawValue)",
      notes: [], restored: true)
  }

  /// Whether what an earlier `untie` added still has the bytes it was copied from: a restored
  /// original does without it. The main pair was compared already.
  private func addedAreCopies(_ main: TieGroup) throws(CheckpointError) -> Bool {
    let tensors = try Receipt(of: checkpoint)?.tensors ?? []
    let renamed = Dictionary(
      tensors.filter { $0.action == .renamed }.map { ($0.name, $0.counterpart ?? $0.name) },
      uniquingKeysWith: { first, _ in first })
    var pairs: [RangePair] = []
    for tensor in tensors where tensor.action == .added {
      if main.isEqual == true, [main.embedding, main.head].contains(tensor.name) { continue }
      guard let source = tensor.counterpart.map({ renamed[$0] ?? $0 }),
        let added = checkpoint.tensor(tensor.name), let original = checkpoint.tensor(source),
        added.info.byteCount == original.info.byteCount
      else { return false }
      pairs.append(RangePair(added, original))
    }
    return try RangeComparison(pairs).firstDifference(options.execution) == nil
  }

  private func report(
    _ verdict: TieVerdict, _ result: EditResult, _ edit: CheckpointEdit, summary: String,
    notes: [String], restored: Bool = false
  ) -> EditReport {
    EditReport(
      output: result.output, verdict: verdict, summary: summary,
      inputBytes: checkpoint.totalBytes, outputBytes: result.outputBytes,
      tensorsDropped: edit.dropped.sorted { $0.utf8Precedes($1) },
      tensorsAdded: edit.added.map(\.name),
      tensorsRenamed: edit.renamed.sorted { $0.key.utf8Precedes($1.key) }
        .map { (from: $0.key, to: $0.value) },
      flagEdits: result.flagEdits, verified: result.verified, receipt: result.receipt,
      restoredOriginal: restored, notes: notes)
  }
}

extension EditResult {
  /// What would be written.
  static func dryRun(_ plan: OutputPlan) -> EditResult {
    EditResult(
      output: nil, outputBytes: plan.count, flagEdits: plan.flagEdits, verified: nil,
      receipt: nil)
  }
}

extension Receipt {
  /// The edit that undoes this one, in terms of the edited checkpoint's names.
  var inverseEdit: CheckpointEdit {
    var edit = CheckpointEdit()
    for tensor in tensors {
      switch (tensor.action, tensor.counterpart) {
      case (.dropped, let source?):
        edit.added.append(CheckpointEdit.Addition(name: tensor.name, source: source))
      case (.added, _): edit.dropped.insert(tensor.name)
      case (.renamed, let name?): edit.renamed[name] = tensor.name
      default: continue
      }
    }
    return edit
  }
}

extension Checkpoint {
  /// The size of every file of the checkpoint in bytes.
  public var totalBytes: Int {
    fileBytes + (index?.text.count ?? 0) + (layout == .folder ? config?.text.count ?? 0 : 0)
      + otherFiles.reduce(0) { $0 + $1.size }
  }
}
