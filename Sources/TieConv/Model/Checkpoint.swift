// A checkpoint on disk: its files told apart, their headers read, nothing loaded.

internal import TieConvIO

/// An opened checkpoint: headers, index and config, checked; tensor bytes stay on disk.
public struct Checkpoint: Sendable {
  /// What the checkpoint is, and so what an edited copy of it will be.
  public enum Layout: String, Sendable {
    /// A folder with config, weights and other files.
    case folder
    /// One file alone.
    case file
  }

  /// Where a tensor lies.
  public struct Location: Sendable, Hashable {
    /// The shard's place in ``Checkpoint/shards``.
    public let shard: Int
    /// The tensor's place in the shard's header.
    public let tensor: Int
  }

  /// The path as it was given.
  public let path: String
  /// The folder that holds the files.
  public let folder: String
  /// The files, where they are.
  let tree: any FileTree
  /// What the checkpoint is.
  public let layout: Layout
  /// The weight files, by name.
  public let shards: [Shard]
  /// Shards that the index names and that do not exist.
  public let missingShards: [String]
  /// The index; nil where there is one weight file alone.
  public let index: SafetensorsIndex?
  /// An index that speaks of other weight files than the ones that loaders take; nil where there
  /// is none.
  public let hiddenIndex: String?
  /// The config; nil where there is none.
  public let config: ModelConfig?
  /// The path within the folder, and size, of every file of a folder that is not among the above.
  public let otherFiles: [(path: String, size: Int)]
  /// Where each tensor lies: the first place, where several shards store one name.
  public let locations: [String: Location]
  /// Names that more than one shard stores, with the shards.
  public let storedTwice: [(tensor: String, shards: [String])]

  /// The tensor called `name`, with its shard; nil where it is not stored.
  public func tensor(_ name: String) -> (shard: Shard, info: TensorInfo)? {
    guard let location = locations[name] else { return nil }
    let shard = shards[location.shard]
    return (shard, shard.tensors[location.tensor])
  }

  /// Every tensor of every shard, in order.
  public var tensors: some Sequence<TensorInfo> {
    shards.lazy.flatMap(\.tensors)
  }

  /// The container that holds the files; nil where they lie on the disk as they are.
  var container: Container? { (tree as? ContainerTree)?.container }

  /// What the files, or the one that holds them, are.
  public var format: String {
    container == nil ? shards.first?.format ?? "safetensors" : "tiepack"
  }

  /// Whether the weights are in GGUF files.
  var isGGUF: Bool { shards.contains { $0.gguf != nil } }

  /// The sum of the stored tensors' sizes in bytes.
  public var storedBytes: Int { shards.reduce(0) { $0 + $1.storedBytes } }

  /// The sum of the stored tensors' element counts.
  public var storedParameters: Int {
    shards.reduce(0) { $0.addingSaturated($1.storedParameters) }
  }

  /// The sum of the weight files' sizes in bytes.
  public var fileBytes: Int { shards.reduce(0) { $0 + $1.fileSize } }

  init(
    path: String, folder: String, tree: any FileTree, layout: Layout, shards: [Shard],
    missingShards: [String], index: SafetensorsIndex?, hiddenIndex: String?,
    config: ModelConfig?, otherFiles: [(path: String, size: Int)]
  ) {
    self.path = path
    self.folder = folder
    self.tree = tree
    self.layout = layout
    self.shards = shards
    self.missingShards = missingShards
    self.index = index
    self.hiddenIndex = hiddenIndex
    self.config = config
    self.otherFiles = otherFiles
    var locations: [String: Location] = [:]
    locations.reserveCapacity(shards.reduce(0) { $0 + $1.tensors.count })
    var repeated: [String: [String]] = [:]
    for (number, shard) in shards.enumerated() {
      for (place, tensor) in shard.tensors.enumerated() {
        if let first = locations[tensor.name] {
          repeated[tensor.name, default: [shards[first.shard].name]].append(shard.name)
        } else {
          locations[tensor.name] = Location(shard: number, tensor: place)
        }
      }
    }
    self.locations = locations
    storedTwice = repeated.map { (tensor: $0.key, shards: $0.value) }
      .sorted { $0.tensor.utf8Precedes($1.tensor) }
  }
}

extension Int {
  /// The sum, or the greatest number where it is beyond that.
  func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
