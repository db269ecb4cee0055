// model.safetensors.index.json: which shard holds which tensor.

/// The index of a sharded checkpoint, with its text kept for exact edits.
public struct SafetensorsIndex: Sendable {
  /// The largest index that is read; a million tensors take about 120 MB.
  static let maximumSize = 256 << 20

  /// The file's name within the checkpoint.
  public let name: String
  /// Tensor name and the shard that the index says holds it, in the order of the text.
  public let weightMap: [(tensor: String, shard: String)]
  /// `metadata.total_size`; nil where it is not stated.
  public let totalSize: Int?
  /// `metadata.total_parameters`; nil where it is not stated.
  public let totalParameters: Int?
  /// The text.
  let text: [UInt8]
  /// The text as a tree.
  let root: JSONNode

  /// Reads an index.
  ///
  /// - Throws: `invalidIndex` where it is not of the form that transformers writes, `unsafePath`
  ///   where a shard is anything but a plain file name in the index's own folder.
  init(name: String, path: String, text: [UInt8]) throws(CheckpointError) {
    func invalid(_ message: String, at offset: Int? = nil) -> CheckpointError {
      CheckpointError(.invalidIndex, file: path, offset: offset, message)
    }
    let root: JSONNode
    do { root = try JSONNode.parse(text) } catch {
      throw invalid("index is not JSON: \(error.message)", at: error.offset)
    }
    guard root.members != nil else { throw invalid("index is not a JSON object") }
    guard let map = root["weight_map"]?.members else {
      throw CheckpointError(
        .invalidIndex, file: path,
        "no index of weight files: weight_map is missing or not an object",
        hint: "give the folder, or its weight files")
    }
    var weightMap: [(tensor: String, shard: String)] = []
    weightMap.reserveCapacity(map.count)
    for member in map {
      guard let shard = member.node.string else {
        throw invalid(
          "weight_map of \(member.key) is not a file name", at: member.node.range.lowerBound)
      }
      try Self.checkPlainName(shard, tensor: member.key, path: path)
      weightMap.append((member.key, shard))
    }
    self.name = name
    self.text = text
    self.root = root
    self.weightMap = weightMap
    totalSize = try Self.total("total_size", root, path)
    totalParameters = try Self.total("total_parameters", root, path)
  }

  private static func total(
    _ key: String, _ root: JSONNode, _ path: String
  ) throws(CheckpointError) -> Int? {
    guard let node = root[path: ["metadata", key]] else { return nil }
    if let number = node.integer, number >= 0 { return number }
    // Older writers stored total_size as 1.3e10 or 123.0.
    if case .number(let text) = node.value, let value = Double(text), value >= 0,
      value == value.rounded(), value < 0x1p63
    {
      return Int(value)
    }
    throw CheckpointError(
      .invalidIndex, file: path, offset: node.range.lowerBound, "\(key) is not a natural number")
  }

  /// The shards in the map, each once, in order of their names.
  public var shardNames: [String] {
    Set(weightMap.map(\.shard)).sorted { $0.utf8Precedes($1) }
  }

  /// A shard must be a plain name in the folder of the index: an index out of a download could
  /// otherwise have any file of this machine read, or written over.
  private static func checkPlainName(
    _ shard: String, tensor: String, path: String
  ) throws(CheckpointError) {
    let isPlain =
      !shard.isEmpty && shard != "." && shard != ".." && shard.utf8.count <= 255
      && !shard.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 }
    guard isPlain else {
      throw CheckpointError(
        .unsafePath, file: path, tensor: tensor, "shard is not a plain file name in this folder",
        found: "\"\(shard)\"", hint: "do not load this checkpoint elsewhere without a look")
    }
  }
}
