// What an owner should know beside the verdict.

/// Gathers findings about one checkpoint.
struct ProblemFinder {
  let checkpoint: Checkpoint
  let detector: TieDetector
  let groups: [TieGroup]
  let verdict: TieVerdict
  let audit: IndexAudit
  let resolutionProblem: String?

  /// At most this many findings of one kind are listed one by one.
  private static let limit = 8

  func problems() -> [TieProblem] {
    verdictProblems() + indexProblems() + flagProblems() + groupProblems() + headProblems()
      + sizeProblems() + fileProblems()
      + PyTorchFindings(checkpoint: checkpoint, main: main, verdict: verdict).problems()
  }

  private var main: TieGroup? { groups.first(where: \.isMain) }

  // MARK: The verdict

  private func verdictProblems() -> [TieProblem] {
    var problems: [TieProblem] = []
    if verdict == .notAModel {
      problems.append(
        TieProblem("notAModel", .error, resolutionProblem ?? TieVerdict.notAModel.meaning))
    } else if !verdict.isSound, verdict != .indexLie {
      problems.append(
        TieProblem(
          Self.camelCase(verdict), .error, verdictMessage,
          tensor: isAboutFlag ? nil : main?.head ?? main?.canonicalHead, hint: hint(verdict)))
    } else if verdict == .untiedEqual {
      problems.append(
        TieProblem(
          "untiedEqual", .info,
          isHeadRequired ? "stored twice, as llama.cpp requires here" : "stored twice",
          tensor: main?.head, hint: isHeadRequired ? nil : "tieconv tie drops the copy"))
    }
    // A verdict of higher rank hides what the bytes say; that is said here.
    if let main, [.indexLie, .flagSplit, .flagUnknown].contains(verdict), let equal = main.isEqual {
      problems.append(
        TieProblem(
          equal ? "copiesEqual" : "copiesDiffer", equal ? .info : .warning,
          equal ? "embedding and head are equal" : main.explanation ?? "embedding and head differ",
          tensor: main.head))
    }
    return problems
  }

  private var isAboutFlag: Bool { verdict == .flagSplit || verdict == .flagUnknown }

  private var verdictMessage: String {
    guard verdict == .flagSplit else {
      return isAboutFlag ? verdict.meaning : main?.explanation ?? verdict.meaning
    }
    let values = detector.flag.statements.map { "\($0.path) is \($0.value)" }
    return values.joined(separator: ", ") + (detector.flag.source.map { "; \($0) wins" } ?? "")
  }

  private static func camelCase(_ verdict: TieVerdict) -> String {
    let words = verdict.rawValue.lowercased().split(separator: "_")
    return words.enumerated().map {
      $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst()
    }
    .joined()
  }

  private var isHeadRequired: Bool { detector.gguf.map { $0.policy == .outputRequired } ?? false }

  private func hint(_ verdict: TieVerdict) -> String? {
    guard let gguf = detector.gguf else {
      return detector.keepsBoth(verdict)
        ? "the flag keeps both; if one is meant: tieconv tie --keep" : Self.hint(verdict)
    }
    switch verdict {
    case .headMissing: return "if the head is the embedding: tieconv untie stores it as both"
    case .tiedConflict,
      .nearEqual where gguf.policy == .alwaysTied:
      return "llama.cpp loads one matrix only: tieconv tie --keep says which one wins"
    case .nearEqual: return "sound for llama.cpp; tieconv tie --keep says which one wins"
    default: return Self.hint(verdict)
    }
  }

  private static func hint(_ verdict: TieVerdict) -> String? {
    switch verdict {
    case .tiedReversed: "tieconv tie stores it under the name that loaders look for"
    case .tiedDuplicate: "tieconv tie drops the copy"
    case .tiedConflict, .nearEqual, .roleScaled, .shapeMismatch:
      "tieconv untie keeps both; tieconv tie --keep says which one wins"
    case .headMissing: "if the head is the embedding: tieconv tie --keep embedding"
    case .flagUnknown, .flagSplit: "tieconv tie or untie states the flag at every level"
    case .quantMixed: "tie the float checkpoint, then quantize the one table"
    default: nil
    }
  }

  // MARK: Index

  private func indexProblems() -> [TieProblem] {
    audit.faults.prefix(Self.limit).map { fault in
      TieProblem(
        fault.kind.rawValue, fault.isLie ? .error : .warning, fault.message, tensor: fault.tensor,
        hint: fault.isLie && !checkpoint.isGGUF
          ? checkpoint.isIndexRebuildable
            ? "tieconv tie, or untie, with --rebuild-index writes it anew from the headers"
            : "fetch the missing files, or remove the stale ones" : nil)
    }
      + (audit.faults.count > Self.limit
        ? [
          TieProblem(
            "indexFaults", .error, "and \(audit.faults.count - Self.limit) more like these")
        ] : [])
  }

  // MARK: Flag

  private func flagProblems() -> [TieProblem] {
    guard checkpoint.config != nil, verdict != .notAModel, verdict != .noHead else { return [] }
    let flag = detector.flag
    var problems: [TieProblem] = []
    if !flag.isStated, !flag.isForced, let source = flag.source, let value = flag.effective {
      problems.append(
        TieProblem(
          "flagAbsent", .info, "no flag is stated; \(value) is the \(source)",
          hint: "defaults have changed between versions; state it"))
    }
    if let convention = detector.convention, !flag.isStated, !flag.isForced,
      let four = convention.transformers4FlagDefault, let five = convention.flagDefault,
      four != five
    {
      problems.append(
        TieProblem(
          "flagDefaultChanged", .warning,
          "the unstated flag is \(four) in transformers 4 and \(five) in transformers 5",
          hint: "state it"))
    }
    return problems
  }

  // MARK: Groups

  private func groupProblems() -> [TieProblem] {
    var problems = packingProblems()
    for group in groups where !group.isMain && group.kind == .vocabulary {
      if group.verdict == .tiedDuplicate || group.verdict == .tiedConflict {
        problems.append(
          TieProblem(
            "otherGroup", .warning,
            "\(group.verdict.rawValue) in \(group.members.map(\.name).joined(separator: ", "))",
            tensor: group.head ?? group.embedding))
      }
    }
    if let main, main.isEqual == nil, main.members.count > 1 {
      problems.append(
        TieProblem(
          "notCompared", .warning, "embedding and head are both stored and were not compared",
          tensor: main.head, hint: "leave out --no-compare"))
    }
    return problems
  }

  /// Packings that are not decoded, so that numbers could not be compared.
  private func packingProblems() -> [TieProblem] {
    groups.flatMap(\.members).compactMap { member in
      guard let problem = member.packing?.problem else { return nil }
      let isKnown = problem.code == .unsupportedFormat
      return TieProblem(
        isKnown ? "packingNotDecoded" : "packingInvalid", isKnown ? .warning : .error,
        problem.message, tensor: problem.tensor ?? member.name,
        hint: isKnown ? "its bytes alone can be compared" : nil)
    }
  }

  // MARK: The head's belongings

  private func headProblems() -> [TieProblem] {
    guard let main, let name = main.head ?? main.canonicalHead,
      let module = TensorName(name).module
    else { return [] }
    var problems: [TieProblem] = []
    let family = TensorFamily(stem: String(module)) { checkpoint.tensor($0) != nil }
    if let family, family.isLeftover {
      problems.append(
        TieProblem(
          "leftoverCompanions", .warning,
          "left behind without their weight: \(family.companions.joined(separator: ", "))",
          tensor: family.companions.first,
          hint: "strict loaders refuse them: tieconv tie drops them"))
    }
    if let bias = checkpoint.tensor("\(module).bias")?.info {
      let rows = main.members.first?.matrixShape?.dimensions.first
      let fits = rows == nil || bias.shape.dimensions == rows.map { [$0] }
      problems.append(
        TieProblem(
          fits ? "headBias" : "headBiasMismatch", fits ? .info : .error,
          fits
            ? "the head has a bias, which stays when the matrix is tied"
            : "the head's bias does not fit its rows (\(bias.shape) against \(rows ?? 0))",
          tensor: bias.name))
    }
    return problems
  }

  // MARK: Sizes

  private func sizeProblems() -> [TieProblem] {
    guard let rows = main?.members.first?.matrixShape?.matrix?.rows, main?.kind == .vocabulary
    else { return [] }
    var problems: [TieProblem] = []
    if let stated = checkpoint.config?.vocabularySize, stated != rows {
      let padded = stated < rows
      problems.append(
        TieProblem(
          padded ? "paddedVocabulary" : "vocabularySizeMismatch", padded ? .info : .error,
          "vocab_size is \(stated), the table has \(rows) rows"
            + (padded ? " (\(rows - stated) of padding\(Self.multiple(rows)))" : ""),
          tensor: main?.members.first?.name))
    }
    if let tokenizer = detector.tokenizer {
      if tokenizer.size > rows {
        problems.append(
          TieProblem(
            "tokenizerBeyondTable", .error,
            "the tokenizer has \(tokenizer.size) tokens, the table \(rows) rows",
            tensor: main?.members.first?.name, hint: "resize the table before release"))
      } else if tokenizer.size < rows {
        problems.append(
          TieProblem(
            "unusedRows", .info,
            "the tokenizer has \(tokenizer.size) tokens, the table \(rows) rows"
              + Self.multiple(rows)))
      }
    }
    return problems
  }

  private static func multiple(_ rows: Int) -> String {
    for multiple in [512, 256, 128, 64, 8] where rows % multiple == 0 {
      return ", a multiple of \(multiple)"
    }
    return ""
  }

  // MARK: Files

  private func fileProblems() -> [TieProblem] {
    var problems: [TieProblem] = []
    let names = checkpoint.otherFiles.map(\.path)
    let weights = names.filter { name in
      !name.contains("/") && !name.hasPrefix("adapter_")
        && [".safetensors", ".bin", ".pt", ".pth", ".gguf"].contains { name.hasSuffix($0) }
        && name != "training_args.bin" && name != "optimizer.pt" && name != "scheduler.pt"
        && name != "rng_state.pth"
    }
    if !weights.isEmpty {
      problems.append(
        TieProblem(
          "otherWeights", .warning,
          "other weight files were not judged: "
            + weights.prefix(4).joined(separator: ", ")
            + (weights.count > 4 ? " and \(weights.count - 4) more" : ""),
          hint: "a loader may prefer them; remove what is stale"))
    }
    if checkpoint.layout == .file, checkpoint.shards.count == 1,
      let part = ShardName(checkpoint.shards[0].name), part.count > 1
    {
      problems.append(
        TieProblem(
          "seriesPart", .warning,
          "by its name part \(part.number) of \(part.count): the others were not judged",
          hint: "give the folder, with its index"))
    }
    if checkpoint.config?.root["auto_map"] != nil {
      problems.append(
        TieProblem(
          "remoteCode", .info,
          "the config names code of its own (auto_map), which was not looked at"
        ))
    }
    return problems
  }
}
