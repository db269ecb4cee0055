// From a checkpoint to the blobs, tensors and files of a container.

internal import TieConvIO

/// Works out what a container holds. Reads what it needs to find duplicates, writes nothing.
struct ContainerPlanner {
  /// Tensors below this share a blob with their neighbours of the same dtype.
  private static let packedCount = 64 << 10
  private static let packCount = 1 << 20

  private let checkpoint: Checkpoint
  private let base: Checkpoint?
  private let options: ExecutionOptions
  private var plan: ContainerPlan
  /// The pieces of every tensor and every other file that may equal one another.
  private var pieces: [ContainerPlan.Piece] = []
  private var representatives: [Int] = []
  /// The extents of each piece that is stored already.
  private var extents: [Int: [ContainerTable.Extent]] = [:]
  private var sharing: RowSharing
  private var matrixPieces: [Int] = []
  private var nextPiece = 0
  /// The blob that the next small tensor of this dtype goes to.
  private var pack: (blob: Int, dtype: DType)?

  init(_ checkpoint: Checkpoint, base: Checkpoint?, options: ExecutionOptions) {
    self.checkpoint = checkpoint
    self.base = base
    self.options = options
    plan = ContainerPlan(layout: checkpoint.layout)
    sharing = RowSharing(options: options)
  }

  /// A file of the checkpoint, as a shard where it is one.
  private enum Member {
    case shard(Shard)
    case other(String, any ByteSource)
  }

  /// The plan.
  mutating func planned() throws(CheckpointError) -> ContainerPlan {
    let members = try members()
    for member in members { addPieces(of: member) }
    representatives = try DuplicateFinder(pieces: pieces, options: options).representatives()
    for member in members { try add(member) }
    return plan
  }

  private func members() throws(CheckpointError) -> [Member] {
    guard checkpoint.layout == .folder else {
      return try checkpoint.shards.map { (shard) throws(CheckpointError) in
        shard.isDataSection ? .shard(shard) : .other(shard.name, try file(shard.name))
      }
    }
    let shards = Dictionary(
      checkpoint.shards.filter(\.isDataSection).map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first })
    let entries = try reading { () throws(IOFailure) in try checkpoint.tree.entries() }
    var members: [Member] = []
    for entry in entries {
      let path = entry.relativePath
      guard EntryPath.isSafe(path) else {
        throw CheckpointError(
          .unsafePath, file: FilePath.join(checkpoint.folder, path),
          "a container cannot hold a file of this name")
      }
      if let shard = shards[path] {
        members.append(.shard(shard))
        continue
      }
      let file = try file(path)
      if path.hasSuffix(".safetensors"), let shard = try? Shard(name: path, file: file) {
        members.append(.shard(shard))
      } else {
        members.append(.other(path, file))
      }
    }
    return members
  }

  private func file(_ path: String) throws(CheckpointError) -> any ByteSource {
    try reading { () throws(IOFailure) in try checkpoint.tree.open(path) }
  }

  private mutating func addPieces(of member: Member) {
    switch member {
    case .shard(let shard):
      plan.sources.append(shard.file)
      plan.inputCount += shard.fileSize
      for info in shard.tensors where info.byteCount > 0 {
        pieces.append(
          ContainerPlan.Piece(
            source: shard.file, offset: shard.fileRange(of: info).lowerBound,
            count: info.byteCount))
      }
    case .other(_, let file):
      plan.sources.append(file)
      plan.inputCount += file.size
      if file.size > 0 {
        pieces.append(ContainerPlan.Piece(source: file, offset: 0, count: file.size))
      }
    }
  }

  private mutating func add(_ member: Member) throws(CheckpointError) {
    pack = nil
    switch member {
    case .shard(let shard):
      var segments = text(of: shard, 0..<shard.dataStart)
      var place = shard.dataStart
      for info in shard.tensors {
        let range = shard.fileRange(of: info)
        segments += text(of: shard, place..<range.lowerBound)
        place = range.upperBound
        segments.append(.tensor(plan.tensors.count))
        let stored = info.byteCount > 0 ? try extents(of: info) : []
        plan.tensors.append(
          ContainerTable.Tensor(
            name: info.name, dtype: info.dtype, shape: info.shape, extents: stored))
      }
      segments += text(of: shard, place..<shard.fileSize)
      plan.files.append(
        ContainerTable.File(
          path: shard.name, permissions: shard.file.permissions, segments: segments))
    case .other(let path, let file):
      var stored: [ContainerTable.Extent] = []
      if file.size > 0 {
        let number = takePiece()
        stored = known(number) ?? newBlob([pieces[number]], .text)
        extents[number] = stored
      }
      plan.files.append(
        ContainerTable.File(
          path: path, permissions: file.permissions, segments: stored.map { .extent($0) }))
    }
  }

  /// What stands between the tensors of a file: its header, and padding.
  private mutating func text(of shard: Shard, _ range: Range<Int>) -> [ContainerTable.Segment] {
    guard !range.isEmpty else { return [] }
    let piece = ContainerPlan.Piece(
      source: shard.file, offset: range.lowerBound, count: range.count)
    return newBlob([piece], .text).map { .extent($0) }
  }

  private mutating func takePiece() -> Int {
    defer { nextPiece += 1 }
    return nextPiece
  }

  /// The extents of an equal piece before this one.
  private mutating func known(_ number: Int) -> [ContainerTable.Extent]? {
    guard let stored = extents[representatives[number]] else { return nil }
    plan.sharedCount += pieces[number].count
    return stored
  }

  private mutating func newBlob(
    _ pieces: [ContainerPlan.Piece], _ content: BlobContent, base: Int? = nil
  ) -> [ContainerTable.Extent] {
    let blob = ContainerPlan.Blob(pieces, content, base: base)
    plan.blobs.append(blob)
    return [ContainerTable.Extent(blob: plan.blobs.count - 1, offset: 0, count: blob.size)]
  }

  // MARK: Tensors

  private mutating func extents(
    of info: TensorInfo
  ) throws(CheckpointError) -> [ContainerTable.Extent] {
    let number = takePiece()
    let stored: [ContainerTable.Extent]
    if let known = known(number) {
      stored = known
    } else if let base = baseTensor(info) {
      plan.bases.append(base)
      stored = newBlob(
        [pieces[number]], .elements(info.dtype), base: plan.bases.count - 1)
    } else if let shared = try sharedRows(info, number) {
      stored = shared
    } else if info.byteCount < Self.packedCount {
      stored = packed(number, info.dtype)
    } else {
      stored = newBlob([pieces[number]], .elements(info.dtype))
    }
    extents[number] = stored
    return stored
  }

  private func baseTensor(_ info: TensorInfo) -> ContainerPlan.Base? {
    guard let (shard, twin) = base?.tensor(info.name), twin.dtype == info.dtype,
      twin.byteCount == info.byteCount, info.byteCount >= 4096
    else { return nil }
    return ContainerPlan.Base(
      name: info.name,
      piece: ContainerPlan.Piece(
        source: shard.file, offset: shard.fileRange(of: twin).lowerBound, count: twin.byteCount))
  }

  private mutating func packed(_ number: Int, _ dtype: DType) -> [ContainerTable.Extent] {
    let piece = pieces[number]
    if let (blob, kind) = pack, kind == dtype, plan.blobs[blob].size + piece.count <= Self.packCount
    {
      let extent = ContainerTable.Extent(
        blob: blob, offset: plan.blobs[blob].size, count: piece.count)
      plan.blobs[blob].append(piece)
      return [extent]
    }
    let stored = newBlob([piece], .elements(dtype))
    pack = (plan.blobs.count - 1, dtype)
    return stored
  }

  /// The extents of a matrix whose rows an earlier one has in part.
  private mutating func sharedRows(
    _ info: TensorInfo, _ number: Int
  ) throws(CheckpointError) -> [ContainerTable.Extent]? {
    guard info.shape.rank >= 2, info.byteCount >= RowSharing.leastCount,
      let rows = Int(exactly: info.shape.dimensions[0]), rows >= 16,
      info.byteCount % rows == 0, info.byteCount / rows >= 64
    else { return nil }
    let piece = pieces[number]
    let rowCount = info.byteCount / rows
    matrixPieces.append(number)
    let found = try sharing.add(
      RowSharing.Matrix(piece: piece, rows: rows, rowCount: rowCount))
    guard let (other, runs) = found, let stored = extents[matrixPieces[other]] else { return nil }
    var own: [ContainerPlan.Piece] = []
    var ownCount = 0
    var result: [ContainerTable.Extent] = []
    for run in runs {
      let offset = run.rows.lowerBound * rowCount
      let count = run.rows.count * rowCount
      if run.isShared {
        plan.sharedCount += count
        result += stored.slice(offset, count)
      } else {
        // The blob that is added below.
        result.append(
          ContainerTable.Extent(blob: plan.blobs.count, offset: ownCount, count: count))
        own.append(
          ContainerPlan.Piece(source: piece.source, offset: piece.offset + offset, count: count))
        ownCount += count
      }
    }
    if !own.isEmpty { _ = newBlob(own, .elements(info.dtype)) }
    return result.joined
  }
}
