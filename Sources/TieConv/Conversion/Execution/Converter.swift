// convert: plan, write beside, compute again and compare, rename.

internal import TieConvIO

/// Converts checkpoints between formats, the tie kept true.
public struct Converter: Sendable {
  private let checkpoint: Checkpoint
  private let options: ConvertOptions

  /// A converter of `checkpoint`, which it never modifies.
  public init(_ checkpoint: Checkpoint, options: ConvertOptions) {
    self.checkpoint = checkpoint
    self.options = options
  }

  /// Writes the checkpoint to `path` in the format `target`.
  ///
  /// - Throws: `conflict` where the target cannot hold the model as it is; `unsupportedFormat` where
  ///   no conversion is known; any other code where it could not be done.
  public func convert(
    to path: String, as target: ConversionTarget
  ) throws(CheckpointError) -> ConvertReport {
    if target == .tiepack { return try compress(to: path) }
    let plan = try Self.plan(checkpoint, target, FilePathName.last(of: path), options)
    try Destination.check(
      path, for: checkpoint, replacing: options.replaces, as: plan.layout)
    let output = plan.outputPlan(of: checkpoint)
    if options.isDryRun { return report(plan, target, output: nil, bytes: output.count) }
    try write(plan, output, to: path, as: target)
    return report(plan, target, output: path, bytes: output.count)
  }

  /// The plan, from headers, configs and, where embedding and head must be told apart, their bytes.
  static func plan(
    _ checkpoint: Checkpoint, _ target: ConversionTarget, _ name: String, _ options: ConvertOptions
  ) throws(CheckpointError) -> ConversionPlan {
    let tie = try ConversionTie.judged(checkpoint, options.execution)
    if let metadata = checkpoint.ggufMetadata {
      if target == .gguf {
        return try GGUFCopyPlanner(
          checkpoint: checkpoint, metadata: metadata, tie: tie, options: options
        ).plan(name: name)
      }
      return try GGUFInputPlanner(
        checkpoint, metadata, tie, options: options, isForMLX: target == .mlx
      ).plan(name: name)
    }
    switch target {
    case .gguf: return try GGUFPlanner(checkpoint, tie, options: options).plan(name: name)
    default:
      return try SafetensorsPlanner(
        checkpoint: checkpoint, options: options, tie: tie, isForMLX: target == .mlx
      ).plan(name: name)
    }
  }

  private func write(
    _ plan: ConversionPlan, _ output: OutputPlan, to path: String, as target: ConversionTarget
  ) throws(CheckpointError) {
    var execution = options.execution
    execution.threads = execution.boundedThreads
    let executor = EditExecutor(
      checkpoint: checkpoint, options: execution, verifies: options.verifies,
      replaces: options.replaces)
    let resolver = RecipeResolver(checkpoint: checkpoint)
    var computed: [String: any ByteSource] = [:]
    for recipe in plan.recipes { computed[recipe.name] = try resolver.tensor(recipe) }
    let sources = try SourceFiles(checkpoint, for: output, computed: computed)
    try executor.stage(at: path) { (staged) throws(CheckpointError) in
      let files: [OutputFile]
      switch plan.layout {
      case .folder: files = try executor.writeFolder(output, sources, staged)
      case .file:
        files = try OutputWriter(plan: output, sources: sources, options: execution).write { _ in
          staged.path
        }
      }
      try executor.finish(files, sources, staged) { () throws(CheckpointError) in
        let again = try Checkpoint(opening: checkpoint.path)
        let name = FilePathName.last(of: path)
        try ConversionVerifier(
          checkpoint: again, plan: try Self.plan(again, target, name, options),
          output: staged.path, options: execution
        ).verify()
      }
    }
  }

  private func compress(to path: String) throws(CheckpointError) -> ConvertReport {
    guard options.dtype == nil else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, "a container keeps every byte, so casts nothing",
        hint: "convert to safetensors with --dtype first")
    }
    var compress = CompressOptions(execution: options.execution)
    compress.verifies = options.verifies
    compress.isDryRun = options.isDryRun
    compress.replaces = options.replaces
    let report = try Compressor(checkpoint, options: compress).compress(to: path)
    return ConvertReport(
      output: report.output, source: checkpoint.format, target: .tiepack,
      inputBytes: report.inputBytes, outputBytes: report.outputBytes,
      tensorCount: report.tensorCount, tensorsDropped: [], tensorsAdded: [],
      verified: report.verified, notes: [])
  }

  private func report(
    _ plan: ConversionPlan, _ target: ConversionTarget, output: String?, bytes: Int
  ) -> ConvertReport {
    ConvertReport(
      output: output, source: checkpoint.format, target: target,
      inputBytes: checkpoint.totalBytes, outputBytes: bytes, tensorCount: plan.recipes.count,
      tensorsDropped: plan.dropped.sorted { $0.utf8Precedes($1) }, tensorsAdded: plan.added,
      tensorsPacked: plan.packed.sorted { $0.key.utf8Precedes($1.key) }
        .map { (name: $0.key, type: $0.value.name) },
      tensorsEdited: plan.edited,
      receipt: output.flatMap { path in
        plan.texts.contains { $0.name == Receipt.fileName }
          ? FilePath.join(path, Receipt.fileName) : nil
      },
      verified: output != nil && options.verifies ? true : nil, notes: plan.notes)
  }
}
