// From a path to a checkpoint: which files are the weights, told from content, not from names.

internal import TieConvIO
internal import TieConvKernels

extension Checkpoint {
  /// Opens the checkpoint at `path`: a folder, one weight file, or an index.
  ///
  /// - Throws: `CheckpointError`: what is missing, unreadable, malformed or not supported.
  public init(opening path: String) throws(CheckpointError) {
    self = try CheckpointOpener(path: path).open()
  }

  /// Opens the container at `path`, or any other checkpoint, with what it was compressed against.
  public init(opening path: String, base: Checkpoint?) throws(CheckpointError) {
    self = try CheckpointOpener(path: path, base: base).open()
  }
}

/// Tells what a path holds and opens it.
struct CheckpointOpener {
  let path: String
  /// What a container was compressed against.
  var base: Checkpoint?

  func open() throws(CheckpointError) -> Checkpoint {
    if path.isEmpty { throw CheckpointError(.notFound, "the path of a checkpoint is empty") }
    switch try reading({ () throws(IOFailure) in try FileSystem.kind(of: path) }) {
    case .directory:
      let tree = DiskTree(folder: path)
      return try openFolder(tree, at: path, weights: try chooseWeights(tree, at: path))
    case .file: return try openFile()
    case nil:
      throw CheckpointError(
        .notFound, file: path, "no such file or folder",
        hint: HubNames.isReference(path)
          ? "only local files are read; hf download fetches a model from the hub" : nil)
    default: throw CheckpointError(.unreadable, file: path, "neither a file nor a folder")
    }
  }

  // MARK: One file

  private func openFile() throws(CheckpointError) -> Checkpoint {
    let (parent, name) = FilePath.split(path)
    let file = try reading { () throws(IOFailure) in try InputFile(path) }
    switch try reading({ () throws(IOFailure) in try FileSignature(reading: file) }) {
    case .json:
      return try openFolder(DiskTree(folder: parent), at: parent, weights: .index(name))
    case .tiepack: return try openContainer()
    case .unsupported(let what):
      throw CheckpointError(
        .unsupportedFormat, file: path, "\(what) files are not read by this version",
        hint: "convert it to safetensors first")
    case .safetensors, .gguf, .pytorch: break
    }
    let shard = try Shard(name: name, path: path)
    if shard.gguf != nil { return try openGGUF(shard, in: parent) }
    let tree = DiskTree(folder: parent)
    if let index = try indexNaming(name, tree, at: parent) {
      return try openFolder(tree, at: parent, weights: .index(index))
    }
    return Checkpoint(
      path: path, folder: parent, tree: tree, layout: .file, shards: [shard], missingShards: [],
      index: nil, hiddenIndex: nil, config: try config(tree, at: parent), otherFiles: [])
  }

  /// The index beside a shard that names it among others: alone it has no answer, and its
  /// missing tensors would look lost.
  private func indexNaming(
    _ shard: String, _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> String? {
    guard let series = ShardName(shard), series.count > 1 else { return nil }
    let name = "\(series.prefix.dropLast())\(series.suffix).index.json"
    let isThere = try reading { () throws(IOFailure) in try tree.contains(name) }
    guard isThere else { return nil }
    return try openIndex(name, tree, at: folder).shardNames.contains(shard) ? name : nil
  }

  private func openContainer() throws(CheckpointError) -> Checkpoint {
    let container = try Container(path, base: base)
    let tree = ContainerTree(container)
    guard container.table.layout == .file else {
      let checkpoint = try openFolder(tree, at: path, weights: try chooseWeights(tree, at: path))
      try ContainerAudit(container).check(checkpoint)
      return checkpoint
    }
    let shards = try openShards(container.table.files.map(\.path), tree, at: path)
    let checkpoint = Checkpoint(
      path: path, folder: path, tree: tree, layout: .file, shards: shards, missingShards: [],
      index: nil, hiddenIndex: nil, config: nil, otherFiles: [])
    try ContainerAudit(container).check(checkpoint)
    return checkpoint
  }

  // MARK: A folder

  /// Which files of a folder hold the weights.
  private enum Weights {
    case index(String)
    /// Files, and an index that is there but says nothing of them.
    case files([String], hidden: String?)
    /// A GGUF file, or every part of a split one.
    case gguf([String])
  }

  /// The order in which transformers looks, then any other safetensors files.
  private func chooseWeights(
    _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> Weights {
    let names = try reading { () throws(IOFailure) in try tree.names() }
    let known = Set(names)
    for single in ["model.safetensors", "pytorch_model.bin"] {
      let index = single + ".index.json"
      if known.contains(single), known.contains(index) {
        // mlx writes an index for one file too. Any other index is hidden from transformers.
        let named = try openIndex(index, tree, at: folder).shardNames
        return named == [single] ? .index(index) : .files([single], hidden: index)
      }
      if known.contains(single) { return .files([single], hidden: nil) }
      if known.contains(index) { return .index(index) }
    }
    let indexes = names.filter { $0.hasPrefix("model.safetensors.index.") && $0.hasSuffix(".json") }
    let files = names.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix("adapter_") }
    let models = files.filter { $0.hasPrefix("model") }
    if indexes.count == 1 { return .index(indexes[0]) }
    if indexes.count > 1 {
      throw CheckpointError(
        .unsupportedFormat, file: folder, "several indexes (\(indexes.joined(separator: ", ")))",
        hint: "name the one that is meant")
    }
    if !models.isEmpty { return .files(models, hidden: nil) }
    if !files.isEmpty { return .files(files, hidden: nil) }
    let pickled = try pickledWeights(names, tree)
    if pickled.count == 1 { return .files(pickled, hidden: nil) }
    if let gguf = try Self.ggufFiles(names, in: folder) { return .gguf(gguf) }
    throw Self.withoutWeights(folder, names, pickled)
  }

  /// Files that torch.save wrote, those aside that hold no weights: the state of a training run.
  private func pickledWeights(
    _ names: [String], _ tree: any FileTree
  ) throws(CheckpointError) -> [String] {
    var found: [String] = []
    for name in names where [".bin", ".pt", ".pth"].contains(where: { name.hasSuffix($0) }) {
      let isState = ["training_args", "optimizer", "scheduler", "scaler", "rng_state", "adapter_"]
        .contains { name.hasPrefix($0) }
      if isState { continue }
      let file = try reading { () throws(IOFailure) in try tree.open(name) }
      let signature = try reading { () throws(IOFailure) in try FileSignature(reading: file) }
      if signature == .pytorch { found.append(name) }
    }
    return found
  }

  private static func withoutWeights(
    _ folder: String, _ names: [String], _ pickled: [String]
  ) -> CheckpointError {
    if pickled.count > 1 {
      return CheckpointError(
        .unsupportedFormat, file: folder,
        "several PyTorch files and no index (\(pickled.prefix(4).joined(separator: ", ")))",
        hint: "name the one that is meant")
    }
    let other = names.first { name in
      [".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx"].contains { name.hasSuffix($0) }
    }
    if let other {
      return CheckpointError(
        .unsupportedFormat, file: folder, "no weights here that are read (found \(other))",
        hint: "convert them to safetensors first")
    }
    return CheckpointError(
      .notAModel, file: folder, "no weights in this folder",
      hint: HubNames.snapshot(in: folder, names).map { "a hub cache: give \($0)" })
  }

  private func openFolder(
    _ tree: any FileTree, at folder: String, weights: Weights
  ) throws(CheckpointError) -> Checkpoint {
    var index: SafetensorsIndex?
    var hidden: String?
    var missing: [String] = []
    var names: [String]
    switch weights {
    case .index(let name):
      let opened = try openIndex(name, tree, at: folder)
      index = opened
      names = []
      for shard in opened.shardNames {
        let isThere = try reading { () throws(IOFailure) in try tree.contains(shard) }
        if isThere { names.append(shard) } else { missing.append(shard) }
      }
    case .gguf(let files): return try openGGUFFolder(files, tree, at: folder)
    case .files(let files, let index):
      names = files
      hidden = index
    }
    let entries = try reading { () throws(IOFailure) in try tree.entries() }
    if index != nil {
      names += Self.unnamedSiblings(of: names + missing, among: entries.map(\.relativePath))
      names.sort { $0.utf8Precedes($1) }
    }
    let shards = try openShards(names, tree, at: folder)
    let config = try config(tree, at: folder)
    let own = Set(names + [index?.name, config.map { _ in "config.json" }].compactMap { $0 })
    return Checkpoint(
      path: path, folder: folder, tree: tree, layout: .folder, shards: shards,
      missingShards: missing,
      index: index, hiddenIndex: hidden, config: config,
      otherFiles: entries.filter { !own.contains($0.relativePath) }
        .map { ($0.relativePath, $0.size) })
  }

  /// Shards of the series that the index names, which it does not name: tensors in them are lost
  /// on load.
  private static func unnamedSiblings(of named: [String], among files: [String]) -> [String] {
    let series = named.compactMap(ShardName.init)
    let known = Set(named)
    return files.filter { file in
      guard !known.contains(file), let name = ShardName(file) else { return false }
      return series.contains {
        $0.prefix == name.prefix && $0.count == name.count && $0.suffix == name.suffix
      }
    }
  }

  private func openShards(
    _ names: [String], _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> [Shard] {
    var shards: [Shard] = []
    for name in names {
      let file = try reading { () throws(IOFailure) in try tree.open(name) }
      shards.append(try Shard(name: name, file: file))
    }
    return shards
  }

  private func openIndex(
    _ name: String, _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> SafetensorsIndex {
    let path = FilePath.join(folder, name)
    let text = try tree.smallFile(
      name, limit: SafetensorsIndex.maximumSize, code: .invalidIndex)
    return try SafetensorsIndex(name: name, path: path, text: text)
  }

  private func config(
    _ tree: any FileTree, at folder: String
  ) throws(CheckpointError) -> ModelConfig? {
    let path = FilePath.join(folder, "config.json")
    let isThere = try reading { () throws(IOFailure) in try tree.contains("config.json") }
    if !isThere { return nil }
    let text = try tree.smallFile(
      "config.json", limit: ModelConfig.maximumSize, code: .invalidConfig)
    return try ModelConfig(path: path, text: text)
  }
}

/// `body`'s result; a failed system call becomes the public error of a failed read.
func reading<T>(_ body: () throws(IOFailure) -> T) throws(CheckpointError) -> T {
  do { return try body() } catch { throw CheckpointError(error) }
}

/// `body`'s result; a failed system call becomes the public error of a failed write.
func writing<T>(_ body: () throws(IOFailure) -> T) throws(CheckpointError) -> T {
  do { return try body() } catch { throw CheckpointError(error, writing: true) }
}
