// inspect: everything about a checkpoint's ties, from its files.

/// Inspects checkpoints.
public struct Inspector: Sendable {
  /// What to look at.
  public struct Options: Sendable {
    /// Whether embedding and head are compared byte for byte.
    public var compares = true
    /// The loaders whose behaviour is predicted.
    public var targets: [LoaderTarget] = LoaderTarget.allCases
    /// A PEFT adapter's folder that is judged against the checkpoint.
    public var adapter: String?
    /// What the adapter was merged into: looked through for the adapter's changes.
    public var merged: Checkpoint?
    /// Threads, progress, cancellation.
    public var execution: ExecutionOptions

    /// Everything is looked at.
    public init(execution: ExecutionOptions = ExecutionOptions()) { self.execution = execution }
  }

  private let checkpoint: Checkpoint
  private let options: Options

  /// An inspector of `checkpoint`.
  public init(_ checkpoint: Checkpoint, options: Options = Options()) {
    self.checkpoint = checkpoint
    self.options = options
  }

  /// The report.
  ///
  /// - Throws: `CheckpointError` where bytes, or the adapter, cannot be read.
  public func report() throws(CheckpointError) -> InspectReport {
    var detector = TieDetector(checkpoint: checkpoint, options: options.execution)
    detector.compares = options.compares
    if options.compares { detector.tokenizer = TokenizerSummary(of: checkpoint) }
    let audit = IndexAudit(checkpoint)
    let found = try detector.groups()
    let main = found.groups.first { $0.isMain }
    let verdict = audit.isLie ? .indexLie : main?.verdict ?? .notAModel
    let finder = ProblemFinder(
      checkpoint: checkpoint, detector: detector, groups: found.groups, verdict: verdict,
      audit: audit, resolutionProblem: found.problem)
    var problems = finder.problems()
    if let adapter = options.adapter {
      problems += try AdapterAudit(folder: adapter).problems(for: found.groups, verdict: verdict)
    }
    let merge = try mergeReport()
    if let merge { problems.append(merge.problem) }
    let stored = checkpoint.storedParameters
    return InspectReport(
      path: checkpoint.path, format: checkpoint.isMLX ? "mlx" : checkpoint.format, verdict: verdict,
      flag: detector.flag.yielding(to: verdict),
      flagFile: checkpoint.config?.path,
      architecture: checkpoint.config?.architectures.first
        ?? checkpoint.ggufMetadata?.architecture,
      groups: found.groups, problems: problems.sorted { $0.severity.rank < $1.severity.rank },
      targets: options.targets.map {
        LoaderRules.predict(situation(detector, main), target: $0)
      },
      merge: merge, fileCount: checkpoint.shards.count, tensorCount: checkpoint.locations.count,
      parameters: (stored, stored - redundantParameters(found.groups)),
      bytes: (
        checkpoint.fileBytes, checkpoint.storedBytes,
        found.groups.reduce(0) { $0 + $1.reclaimableBytes }
      ))
  }

  private func mergeReport() throws(CheckpointError) -> MergeReport? {
    guard let adapter = options.adapter, let merged = options.merged else { return nil }
    return try MergeAudit(
      base: checkpoint, adapter: PEFTAdapter(folder: adapter), adapterPath: adapter,
      merged: merged, options: options.execution
    ).report()
  }

  private func redundantParameters(_ groups: [TieGroup]) -> Int {
    groups.filter { $0.kind != .bias }.flatMap(\.redundantMembers).filter { !$0.sharesStorage }
      .flatMap(\.family)
      .reduce(0) { $0 + (checkpoint.tensor($1)?.info.elementCount ?? 0) }
  }

  /// The facts that loaders act on.
  private func situation(_ detector: TieDetector, _ main: TieGroup?) -> LoaderSituation {
    let config = checkpoint.config
    var situation = LoaderSituation(
      architecture: config?.architectures.first, modelType: config?.modelType)
    if checkpoint.isGGUF { situation.format = .gguf }
    situation.ggufArchitecture = checkpoint.ggufMetadata?.architecture
    let statements = config?.flagStatements ?? []
    situation.outerFlag = statements.first { $0.depth == 0 }?.value
    situation.innerFlag = statements.last { $0.depth > 0 }?.value
    if checkpoint.isMLX { situation.format = .mlx }
    situation.packing = PackingFacts(checkpoint)
    let inner = config?.levels.last { !$0.isEmpty }
    situation.innerPath = inner?.joined(separator: ".")
    situation.innerModelType = inner.flatMap { config?.root[path: $0 + ["model_type"]]?.string }
    situation.aliasFlag = config?.root["tie_embedding"]?.bool
    if checkpoint.format == "pytorch" { situation.format = .pytorch }
    situation.embeddingStored = main?.embedding != nil
    situation.headStored = main?.head != nil
    situation.headName = main?.head
    situation.equal = main?.isEqual
    let embedding = main?.members.first { $0.role == .embedding }
    let head = main?.members.first { $0.role == .head }
    situation.sameShape = embedding.flatMap { one in
      head.flatMap { other in
        one.matrixShape.flatMap { shape in other.matrixShape.map { $0 == shape } }
      }
    }
    situation.embeddingQuantized = embedding?.packing != nil
    situation.headQuantized = head?.packing != nil
    let headModule = (main?.head ?? main?.canonicalHead).flatMap { TensorName($0).module }
    if let headModule {
      situation.headBiasStored = checkpoint.tensor("\(headModule).bias") != nil
      situation.strayHeadCompanions =
        TensorFamily(stem: String(headModule)) { checkpoint.tensor($0) != nil }?.isLeftover ?? false
    }
    return situation
  }
}

extension TieProblem.Severity {
  /// Worst first.
  var rank: Int {
    switch self {
    case .error: 0
    case .warning: 1
    case .info: 2
    }
  }
}
