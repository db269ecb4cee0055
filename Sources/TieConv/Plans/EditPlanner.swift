// From an edit of tensors to the files of the output.

internal import TieConvIO

/// Works out every output file of an edited checkpoint. Reads headers, writes nothing.
struct EditPlanner {
  let checkpoint: Checkpoint
  let edit: CheckpointEdit
  /// A string to state under `__metadata__` of a lone file, or to take away where the value is
  /// nil: the receipt, which has no file of its own there.
  var metadata: (key: String, value: String?)?

  func plan() throws(CheckpointError) -> OutputPlan {
    var plan = OutputPlan(files: [])
    plan.shardNames = newShardNames()
    for shard in checkpoint.shards {
      guard case let name?? = plan.shardNames[shard.name] else { continue }
      plan.files.append(try planned(shard, as: name))
    }
    guard checkpoint.layout == .folder else { return plan }
    if let index = plannedIndex(plan.shardNames) { plan.files.append(index) }
    if let config = checkpoint.config {
      let (text, edits) = edit.flag.map(config.settingFlag(to:)) ?? (config.text, [])
      plan.flagEdits = edits
      plan.files.append(
        edits.isEmpty
          ? carried("config.json", config.text.count)
          : OutputPlan.File(name: "config.json", pieces: [.literal(text)]))
    }
    for (path, size) in checkpoint.otherFiles { plan.files.append(carried(path, size)) }
    return plan
  }

  private func carried(_ name: String, _ size: Int) -> OutputPlan.File {
    OutputPlan.File(name: name, pieces: [.copy(file: name, range: 0..<size)])
  }

  // MARK: Shards

  private func newShardNames() -> [String: String?] {
    let kept = checkpoint.shards.filter { shard in
      let tensors = shard.tensors
      // The number of parts of a split GGUF model stands in each of them; an empty part is legal.
      return tensors.isEmpty || shard.gguf != nil
        || !tensors.allSatisfy { edit.dropped.contains($0.name) }
        || edit.added.contains { holder(of: $0) == shard.name }
    }.map(\.name)
    let names = ShardName.renumbering(kept, of: checkpoint.shards.map(\.name))
    var result: [String: String?] = [:]
    for shard in checkpoint.shards { result.updateValue(names[shard.name], forKey: shard.name) }
    return result
  }

  private func holder(of addition: CheckpointEdit.Addition) -> String? {
    checkpoint.tensor(addition.source)?.shard.name
  }

  private func planned(
    _ shard: Shard, as name: String
  ) throws(CheckpointError) -> OutputPlan.File {
    let additions = edit.added.filter { holder(of: $0) == shard.name }
    let change = checkpoint.isGGUF ? edit.added.count - edit.dropped.count : 0
    let isTouched =
      metadata != nil || !additions.isEmpty || change != 0
      || shard.tensors.contains {
        edit.dropped.contains($0.name) || edit.renamed[$0.name] != nil
      }
    guard isTouched else {
      return OutputPlan.File(
        name: name, pieces: [.copy(file: shard.name, range: 0..<shard.fileSize)])
    }
    let edited = try ShardEdit(
      shard, dropping: edit.dropped, renaming: edit.renamed,
      adding: additions.compactMap { addition in
        checkpoint.tensor(addition.source).map {
          ShardEdit.Addition(name: addition.name, source: $0.info)
        }
      }, metadata: metadata, change: change)
    var pieces = Self.startPieces(edited, of: shard)
    for part in edited.parts {
      switch part {
      case .bytes(let range): pieces.append(.copy(file: shard.name, range: range))
      case .padding(let count): pieces.append(.literal([UInt8](repeating: 0, count: count)))
      case .tensor(let name):
        guard let (holder, info) = checkpoint.tensor(name) else { continue }
        pieces.append(.copy(file: holder.name, range: holder.fileRange(of: info)))
      }
    }
    return OutputPlan.File(name: name, pieces: pieces, start: edited.start).normalized
  }

  /// A start, with what the shard has already copied from there.
  private static func startPieces(_ edited: ShardEdit, of shard: Shard) -> [OutputPlan.Piece] {
    var pieces: [OutputPlan.Piece] = []
    var place = 0
    for run in edited.carried {
      pieces.append(.literal(Array(edited.start[place..<run.place])))
      pieces.append(.copy(file: shard.name, range: run.source))
      place = run.place + run.source.count
    }
    pieces.append(.literal(Array(edited.start[place...])))
    return pieces
  }

  // MARK: Index

  private func plannedIndex(_ shardNames: [String: String?]) -> OutputPlan.File? {
    guard let index = checkpoint.index else { return nil }
    let totals = totals()
    let name = index.name
    if edit.rebuildsIndex {
      let text = SafetensorsIndexEdit.rebuilt(
        tensors: storedAfter(shardNames), size: totals.size,
        parameters: totals.parameters(from: index.totalParameters))
      return OutputPlan.File(name: name, pieces: [.literal(text)])
    }
    let additions = edit.added.compactMap { addition -> (String, String)? in
      guard let holder = holder(of: addition), let name = shardNames[holder] ?? nil else {
        return nil
      }
      return (addition.name, name)
    }
    let text = SafetensorsIndexEdit.edited(
      index, edit: edit, shards: shardNames, additions: additions, totals: totals)
    return text == index.text
      ? carried(name, index.text.count) : OutputPlan.File(name: name, pieces: [.literal(text)])
  }

  private func storedAfter(_ shardNames: [String: String?]) -> [(tensor: String, shard: String)] {
    var stored: [(tensor: String, shard: String)] = []
    for shard in checkpoint.shards {
      guard case let name?? = shardNames[shard.name] else { continue }
      for tensor in shard.tensors where !edit.dropped.contains(tensor.name) {
        stored.append((edit.renamed[tensor.name] ?? tensor.name, name))
      }
      for addition in edit.added where holder(of: addition) == shard.name {
        stored.append((addition.name, name))
      }
    }
    return stored
  }

  private func totals() -> SafetensorsIndexEdit.Totals {
    var size = checkpoint.storedBytes
    var parameters = checkpoint.storedParameters
    let before = parameters
    for name in edit.dropped {
      guard let (_, info) = checkpoint.tensor(name) else { continue }
      size -= info.byteCount
      parameters -= info.elementCount
    }
    for addition in edit.added {
      guard let (_, info) = checkpoint.tensor(addition.source) else { continue }
      size += info.byteCount
      parameters += info.elementCount
    }
    return .init(size: size, parametersBefore: before, parametersAfter: parameters)
  }
}
