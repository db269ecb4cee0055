// The way back, worked out on the way there.

/// Works out how to make an original again from its edited copy.
struct RestorationPlanner {
  let checkpoint: Checkpoint
  let plan: OutputPlan
  /// For each dropped tensor, the stored one that has the same bytes.
  let equals: [String: String]

  /// A range of an input file and where the output keeps it.
  private struct Kept {
    let input: Range<Int>
    let file: String
    let dataOffset: Int
  }

  /// The restoration; nil where some bytes of the original are nowhere in the output.
  func restoration() throws(CheckpointError) -> Receipt.Restoration? {
    let kept = keptRanges()
    var result = Receipt.Restoration()
    for shard in checkpoint.shards where !isCarriedWhole(shard.name, shard.fileSize) {
      guard let pieces = try pieces(of: shard, kept) else { return nil }
      result.files.append((shard.name, pieces))
    }
    if let index = checkpoint.index, !isCarriedWhole(index.name, index.text.count) {
      result.files.append((index.name, [.literal(index.text)]))
    }
    if let config = checkpoint.config, !isCarriedWhole("config.json", config.text.count),
      checkpoint.layout == .folder
    {
      result.files.append(("config.json", [.literal(config.text)]))
    }
    let original = Set(
      checkpoint.shards.map(\.name) + checkpoint.otherFiles.map(\.path)
        + [checkpoint.index?.name, "config.json"].compactMap { $0 })
    result.absent = plan.files.map(\.name).filter { !original.contains($0) }
    return result
  }

  private func isCarriedWhole(_ name: String, _ count: Int) -> Bool {
    plan.files.contains {
      $0.name == name && $0.pieces == [.copy(file: name, range: 0..<count)]
    }
  }

  private func pieces(
    of shard: Shard, _ kept: [String: [Kept]]
  ) throws(CheckpointError) -> [Receipt.Piece]? {
    if let copy = plan.files.first(where: {
      $0.pieces == [.copy(file: shard.name, range: 0..<shard.fileSize)]
    }) {
      return [.file(copy.name)]
    }
    var pieces: [Receipt.Piece] = [.literal(try shard.start())]
    for tensor in shard.tensors where tensor.byteCount > 0 {
      guard let piece = piece(of: tensor.name, kept) else { return nil }
      if case .data(let file, let range) = piece, case .data(file, let last)? = pieces.last,
        last.upperBound == range.lowerBound
      {
        pieces[pieces.count - 1] = .data(file: file, range: last.lowerBound..<range.upperBound)
      } else {
        pieces.append(piece)
      }
    }
    return pieces
  }

  private func piece(of tensor: String, _ kept: [String: [Kept]]) -> Receipt.Piece? {
    for name in [tensor, equals[tensor]].compactMap({ $0 }) {
      guard let (shard, info) = checkpoint.tensor(name) else { continue }
      let range = shard.fileRange(of: info)
      guard let home = Self.holding(range, in: kept[shard.name] ?? []) else { continue }
      let begin = home.dataOffset + range.lowerBound - home.input.lowerBound
      return .data(file: home.file, range: begin..<begin + range.count)
    }
    return nil
  }

  private static func holding(_ range: Range<Int>, in kept: [Kept]) -> Kept? {
    kept.first {
      $0.input.lowerBound <= range.lowerBound && range.upperBound <= $0.input.upperBound
    }
  }

  private func keptRanges() -> [String: [Kept]] {
    var kept: [String: [Kept]] = [:]
    let shards = Dictionary(
      checkpoint.shards.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for file in plan.files {
      var dataOffset = 0
      for piece in file.pieces {
        guard case .copy(let name, let range) = piece, let shard = shards[name] else { continue }
        // A whole shard brings its header along; the data section starts behind it.
        let data = max(range.lowerBound, shard.dataStart)..<range.upperBound
        kept[name, default: []].append(
          Kept(input: data, file: file.name, dataOffset: dataOffset))
        dataOffset += data.count
      }
    }
    return kept
  }
}
