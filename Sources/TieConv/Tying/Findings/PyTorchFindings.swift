// What a PyTorch file says beyond names and bytes: shared storages, wrappers, an optimizer's state.

internal import TieConvIO

/// Findings about the PyTorch files of a checkpoint.
struct PyTorchFindings {
  let checkpoint: Checkpoint
  let main: TieGroup?
  let verdict: TieVerdict

  /// At most this many findings of one kind are listed one by one.
  private static let limit = 8

  /// Prefixes that wrappers put before every name of a model.
  private static let wrappers = [
    ("module.", "DataParallel, DistributedDataParallel or DeepSpeed"),
    ("_orig_mod.", "torch.compile"),
    ("_fsdp_wrapped_module.", "FullyShardedDataParallel"),
  ]

  func problems() -> [TieProblem] {
    let files = checkpoint.shards.compactMap { shard -> (Shard, PyTorchFile)? in
      if case .pytorch(let file) = shard.contents { (shard, file) } else { nil }
    }
    return files.flatMap { sharing($0, $1) + nesting($0, $1) } + wrapper() + optimizer(files)
  }

  // MARK: Storages

  private func sharing(_ shard: Shard, _ file: PyTorchFile) -> [TieProblem] {
    let ties = file.sharing.ties.map { tie in
      TieProblem(
        "sharedStorage", .info,
        "one storage under \(tie.names.count) names: \(Self.list(tie.names))"
          + (tie.range.map {
            " (bytes \($0.lowerBound) to \($0.upperBound) of \(shard.name))"
          } ?? ""), tensor: tie.names.first)
    }
    let overlaps = file.sharing.overlaps.map { overlap in
      TieProblem(
        "overlappingViews", .warning,
        "views of one storage overlap: bytes \(Self.text(overlap.firstRange)) and "
          + "\(Self.text(overlap.secondRange)) (\(overlap.second)) of it",
        tensor: overlap.first,
        hint: "formats without storages store the common bytes twice, and training no longer "
          + "changes both")
    }
    return Self.limited(ties, "sharedStorage", .info)
      + Self.limited(overlaps, "overlappingViews", .warning)
  }

  private static func limited(
    _ problems: [TieProblem], _ code: String, _ severity: TieProblem.Severity
  ) -> [TieProblem] {
    guard problems.count > limit else { return problems }
    return problems.prefix(limit) + [
      TieProblem(code, severity, "and \(problems.count - limit) more like these")
    ]
  }

  private static func text(_ range: Range<Int>) -> String {
    "\(range.lowerBound) to \(range.upperBound)"
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ")
      + (names.count > 4 ? " and \(names.count - 4) more" : "")
  }

  // MARK: Nesting and wrappers

  private func nesting(_ shard: Shard, _ file: PyTorchFile) -> [TieProblem] {
    var problems: [TieProblem] = []
    if !file.stateDictPath.isEmpty {
      problems.append(
        TieProblem(
          "nestedStateDict", .info,
          "\(shard.name) is a training checkpoint; its model is under "
            + "\(file.stateDictPath.joined(separator: "."))",
          hint: "loaders of models expect the state dict alone"))
    }
    if !file.otherStateDicts.isEmpty {
      problems.append(
        TieProblem(
          "otherStateDicts", .warning,
          "tensors that were not judged are under \(Self.list(file.otherStateDicts))"))
    }
    return problems
  }

  private func wrapper() -> [TieProblem] {
    guard let first = checkpoint.tensors.first(where: { _ in true })?.name else { return [] }
    for (prefix, source) in Self.wrappers where first.hasPrefix(prefix) {
      guard checkpoint.tensors.allSatisfy({ $0.name.hasPrefix(prefix) }) else { continue }
      return [
        TieProblem(
          "wrapperPrefix", .warning, "every name begins with \(prefix), as \(source) leaves it",
          tensor: first, hint: "loaders do not find such names: save the wrapped model's state dict"
        )
      ]
    }
    return []
  }

  // MARK: Optimizer

  private func optimizer(_ files: [(Shard, PyTorchFile)]) -> [TieProblem] {
    guard let main, let embedding = main.embedding, let head = main.head, main.kind == .vocabulary,
      let state = files.lazy.compactMap(\.1.optimizer).first ?? savedBeside()
    else { return [] }
    guard wereTrainedApart(state, embedding, head) else { return [] }
    // Two that differ, and should, were of course trained as two.
    let isMeant = verdict == .untied
    return [
      TieProblem(
        "trainedApart", isMeant ? .info : .warning,
        "the optimizer keeps separate moments for \(embedding) and \(head): they were trained apart",
        tensor: head,
        hint: isMeant ? nil : "tie the parameters before the optimizer is made")
    ]
  }

  /// The state that trainers write beside the model.
  private func savedBeside() -> OptimizerState? {
    let name = "optimizer.pt"
    guard checkpoint.layout == .folder, checkpoint.otherFiles.contains(where: { $0.path == name }),
      let source = try? checkpoint.tree.open(name), let file = try? PyTorchFile(reading: source)
    else { return nil }
    return file.optimizer
  }

  /// By names where the optimizer knows them. Else by shape: of the parameters as large as the
  /// embedding, those that no other tensor of the model accounts for are two.
  private func wereTrainedApart(
    _ state: OptimizerState, _ embedding: String, _ head: String
  ) -> Bool {
    let names = Set(state.parameters.compactMap(\.name))
    if !names.isEmpty { return names.contains(embedding) && names.contains(head) }
    guard let shape = checkpoint.tensor(embedding)?.info.shape,
      shape == checkpoint.tensor(head)?.info.shape
    else { return false }
    let alike = state.parameters.count { $0.shape == shape }
    let others = checkpoint.tensors.count {
      $0.shape == shape && $0.name != embedding && $0.name != head
    }
    return alike - others >= 2
  }
}
