// Finding a checkpoint's receipt, and telling whether it still describes the files.

internal import TieConvIO

extension Receipt {
  /// The largest receipt that is read: one whose header text could not be packed.
  private static let maximumSize = 256 << 20

  /// The receipt that `checkpoint` carries; nil where it has none.
  ///
  /// - Throws: `invalidReceipt` where it has one that cannot be read.
  public init?(of checkpoint: Checkpoint) throws(CheckpointError) {
    switch checkpoint.layout {
    case .folder:
      guard checkpoint.otherFiles.contains(where: { $0.path == Self.fileName }) else { return nil }
      let path = FilePath.join(checkpoint.folder, Self.fileName)
      let file = try reading { () throws(IOFailure) in
        try checkpoint.tree.open(Self.fileName)
      }
      guard file.size <= Self.maximumSize else {
        throw CheckpointError(.invalidReceipt, file: path, "receipt is too large")
      }
      let text = try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
      try self.init(text: text, path: path)
    case .file:
      let pairs = checkpoint.shards.first?.metadata ?? []
      guard let text = pairs.first(where: { $0.key == Self.metadataKey })?.value else {
        return nil
      }
      try self.init(text: Array(text.utf8), path: checkpoint.path)
    }
  }

  /// The same, but nil too where it is damaged: for those to whom it is one file among others.
  init?(readable checkpoint: Checkpoint) throws(CheckpointError) {
    do {
      guard let receipt = try Receipt(of: checkpoint) else { return nil }
      self = receipt
    } catch {
      guard error.code == .invalidReceipt else { throw error }
      return nil
    }
  }

  /// The files whose headers or texts are no longer what the receipt says; empty where it still
  /// describes `checkpoint`.
  func changedFiles(in checkpoint: Checkpoint) throws(CheckpointError) -> [String] {
    var current: [String: SHA256Digest] = [:]
    for shard in checkpoint.shards {
      current[shard.name] = SHA256Digest(
        of: checkpoint.layout == .folder ? try shard.start() : try Self.startWithoutReceipt(shard))
    }
    if checkpoint.layout == .folder {
      if let index = checkpoint.index { current[index.name] = SHA256Digest(of: index.text) }
      if let config = checkpoint.config { current["config.json"] = SHA256Digest(of: config.text) }
    } else if let only = checkpoint.shards.first, files.count == 1 {
      // A lone file may have been renamed since.
      return files[0].digest == current[only.name] ? [] : [only.name]
    }
    for (path, _) in checkpoint.otherFiles
    where path != Self.fileName && files.contains(where: { $0.name == path }) {
      let file = try reading { () throws(IOFailure) in try checkpoint.tree.open(path) }
      current[path] = try reading { () throws(IOFailure) in
        try SHA256Digest(of: file, range: 0..<file.size, cancellation: Cancellation())
      }
    }
    let recorded = Dictionary(files.map { ($0.name, $0.digest) }, uniquingKeysWith: { $1 })
    return Set(recorded.keys).union(current.keys).filter { recorded[$0] != current[$0] }
      .sorted { $0.utf8Precedes($1) }
  }

  /// A lone file's start as it was when the digest was taken: with the receipt's place empty.
  private static func startWithoutReceipt(
    _ shard: Shard
  ) throws(CheckpointError) -> [UInt8] {
    try ShardEdit(shard, metadata: (metadataKey, "")).start
  }
}
