// Opening GGUF models: one file, all parts of a split one, or a folder that holds nothing else.

internal import TieConvIO

extension CheckpointOpener {
  /// Opens the model that `first`, a file in `folder`, is or is a part of.
  func openGGUF(_ first: Shard, in folder: String) throws(CheckpointError) -> Checkpoint {
    guard let names = GGUFSplit.partNames(of: first) else {
      return Checkpoint(
        path: path, folder: folder, tree: DiskTree(folder: folder), layout: .file,
        shards: [first], missingShards: [], index: nil, hiddenIndex: nil, config: nil,
        otherFiles: [])
    }
    return try openParts(names, PartTree(folder: folder, parts: Set(names)), at: folder)
  }

  /// The GGUF files of a folder that make up one model; nil where there are none.
  static func ggufFiles(_ names: [String], in folder: String) throws(CheckpointError) -> [String]? {
    let files = names.filter { $0.hasSuffix(".gguf") }
    guard let first = files.first else { return nil }
    if files.count == 1 { return files }
    let parts = files.compactMap(ShardName.init)
    if let series = parts.first, parts.count == files.count,
      parts.allSatisfy({ $0.prefix == series.prefix && $0.count == series.count })
    {
      return (1...max(1, min(series.count, 65535))).map { series.renumbered($0, of: series.count) }
    }
    throw CheckpointError(
      .unsupportedFormat, file: folder, "several GGUF models (\(first), \(files[1])…)",
      hint: "name the one that is meant")
  }

  /// Opens a folder whose weights are the GGUF files `names`.
  func openGGUFFolder(
    _ names: [String], _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> Checkpoint { try openParts(names, tree, at: folder) }

  private func openParts(
    _ names: [String], _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> Checkpoint {
    var shards: [Shard] = []
    var missing: [String] = []
    for name in names {
      guard try reading({ () throws(IOFailure) in try tree.contains(name) }) else {
        missing.append(name)
        continue
      }
      let file = try reading { () throws(IOFailure) in try tree.open(name) }
      let shard = try Shard(name: name, file: file)
      guard shard.gguf != nil else {
        throw CheckpointError(
          .unsupportedFormat, file: shard.path, "part of a GGUF model that is no GGUF file")
      }
      shards.append(shard)
    }
    let own = Set(names)
    let entries = try reading { () throws(IOFailure) in try tree.entries() }
    return Checkpoint(
      path: path, folder: folder, tree: tree, layout: .folder, shards: shards,
      missingShards: missing, index: nil, hiddenIndex: nil, config: nil,
      otherFiles: entries.filter { !own.contains($0.relativePath) }
        .map { ($0.relativePath, $0.size) })
  }
}

/// The parts of a split model, which share a folder with whatever else is there.
private struct PartTree: FileTree {
  private let disk: DiskTree
  private let parts: Set<String>

  init(folder: String, parts: Set<String>) {
    disk = DiskTree(folder: folder)
    self.parts = parts
  }

  func names() throws(IOFailure) -> [String] { try disk.names().filter(parts.contains) }

  func entries() throws(IOFailure) -> [FolderEntry] {
    var entries: [FolderEntry] = []
    for name in try names() {
      entries.append(FolderEntry(relativePath: name, size: try open(name).size))
    }
    return entries
  }

  func contains(_ name: String) throws(IOFailure) -> Bool {
    guard parts.contains(name) else { return false }
    return try disk.contains(name)
  }

  func open(_ path: String) throws(IOFailure) -> any ByteSource { try disk.open(path) }
}
