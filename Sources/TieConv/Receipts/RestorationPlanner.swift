// The way back, worked out on the way there.

internal import TieConvIO

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
    /// Where it begins in the output, for what stands before the data section.
    let headOffset: Int?
    /// Where it begins in the output's data section, for what stands there.
    let dataOffset: Int?
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
    var pieces = try startPieces(of: shard, kept)
    var place = shard.dataStart
    for tensor in shard.tensors where tensor.byteCount > 0 {
      let range = shard.fileRange(of: tensor)
      pieces.append(contentsOf: try gap(place..<range.lowerBound, of: shard, kept))
      guard let piece = piece(of: tensor.name, kept) else { return nil }
      pieces.append(piece)
      place = range.upperBound
    }
    pieces.append(contentsOf: try gap(place..<shard.fileSize, of: shard, kept))
    return Self.joined(pieces)
  }

  /// Adjacent ranges of one data section as one.
  private static func joined(_ pieces: [Receipt.Piece]) -> [Receipt.Piece] {
    var result: [Receipt.Piece] = []
    for piece in pieces {
      if case .data(let file, let range) = piece, case .data(file, let last)? = result.last,
        last.upperBound == range.lowerBound
      {
        result[result.count - 1] = .data(file: file, range: last.lowerBound..<range.upperBound)
      } else {
        result.append(piece)
      }
    }
    return result
  }

  /// The header: runs of it that the output has too, and the rest as it is.
  private func startPieces(
    of shard: Shard, _ kept: [String: [Kept]]
  ) throws(CheckpointError) -> [Receipt.Piece] {
    let start = try shard.start()
    var pieces: [Receipt.Piece] = []
    var place = 0
    for run in kept[shard.name] ?? [] {
      guard let headOffset = run.headOffset, run.input.lowerBound >= place,
        run.input.upperBound <= start.count
      else { continue }
      pieces.append(.literal(Array(start[place..<run.input.lowerBound])))
      pieces.append(.head(file: run.file, range: headOffset..<headOffset + run.input.count))
      place = run.input.upperBound
    }
    pieces.append(.literal(Array(start[place...])))
    return pieces.filter { $0 != .literal([]) }
  }

  /// What stands between tensors, or behind the last one, in `range`.
  private func gap(
    _ range: Range<Int>, of shard: Shard, _ kept: [String: [Kept]]
  ) throws(CheckpointError) -> [Receipt.Piece] {
    guard !range.isEmpty else { return [] }
    if let piece = Self.piece(range, in: kept[shard.name] ?? []) { return [piece] }
    return [.literal(try reading { () throws(IOFailure) in try shard.file.bytes(in: range) })]
  }

  private func piece(of tensor: String, _ kept: [String: [Kept]]) -> Receipt.Piece? {
    for name in [tensor, equals[tensor]].compactMap({ $0 }) {
      guard let (shard, info) = checkpoint.tensor(name) else { continue }
      let found = Self.piece(shard.fileRange(of: info), in: kept[shard.name] ?? [])
      if let found { return found }
    }
    return nil
  }

  private static func piece(_ range: Range<Int>, in kept: [Kept]) -> Receipt.Piece? {
    for home in kept {
      guard let dataOffset = home.dataOffset, home.input.lowerBound <= range.lowerBound,
        range.upperBound <= home.input.upperBound
      else { continue }
      let begin = dataOffset + range.lowerBound - home.input.lowerBound
      return .data(file: home.file, range: begin..<begin + range.count)
    }
    return nil
  }

  private func keptRanges() -> [String: [Kept]] {
    var kept: [String: [Kept]] = [:]
    let shards = Dictionary(
      checkpoint.shards.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for file in plan.files {
      var place = 0
      for piece in file.pieces {
        defer { place += piece.count }
        guard case .copy(let name, let range) = piece, let shard = shards[name] else { continue }
        if range.upperBound <= shard.dataStart {
          kept[name, default: []].append(
            Kept(input: range, file: file.name, headOffset: place, dataOffset: nil))
        } else {
          // A whole shard brings its header along; the data section starts behind it.
          let data = max(range.lowerBound, shard.dataStart)..<range.upperBound
          let start = file.start?.count ?? shard.dataStart
          kept[name, default: []].append(
            Kept(
              input: data, file: file.name, headOffset: nil,
              dataOffset: place + data.lowerBound - range.lowerBound - start))
        }
      }
    }
    return kept
  }
}
