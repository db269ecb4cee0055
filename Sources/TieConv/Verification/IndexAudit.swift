// Do index and shards tell the same story? Checked both ways.

/// Every disagreement between an index and the shards.
public struct IndexAudit: Sendable {
  /// One disagreement.
  public struct Fault: Sendable, Equatable {
    /// The kind of disagreement.
    public enum Kind: String, Sendable {
      case shardMissing, namedNotStored, storedNotNamed, wrongShard, storedTwice, wrongTotalSize
      case indexMissing, indexHidden
      case splitMismatch
    }
    /// The kind of disagreement.
    public let kind: Kind
    /// The tensor it concerns.
    public let tensor: String?
    /// The disagreement in words.
    public let message: String

    /// Whether it makes the verdict INDEX_LIE: what would be loaded depends on the reader. A
    /// wrong total or a missing index is only a problem.
    public var isLie: Bool { kind != .wrongTotalSize && kind != .indexMissing }
  }

  /// The disagreements, in the order of index and shards.
  public let faults: [Fault]

  /// Whether the files contradict each other about what is stored.
  public var isLie: Bool { faults.contains(where: \.isLie) }

  /// Checks the index of `checkpoint`.
  public init(_ checkpoint: Checkpoint) {
    var faults: [Fault] = checkpoint.storedTwice.map { name, shards in
      Fault(
        kind: .storedTwice, tensor: name,
        message: "stored in more than one file (\(shards.joined(separator: ", ")))")
    }
    if checkpoint.isGGUF {
      faults += Self.splitFaults(checkpoint)
    } else if let index = checkpoint.index {
      faults += Self.missingShards(checkpoint, index)
      faults += Self.namedFaults(checkpoint, index)
      faults += Self.unnamedFaults(checkpoint, index)
      faults += Self.totalFault(checkpoint, index)
    } else if let hidden = checkpoint.hiddenIndex {
      faults.append(
        Fault(
          kind: .indexHidden, tensor: nil,
          message:
            "\(hidden) names other files, which \(checkpoint.shards[0].name) hides from some "
            + "loaders and not from others"))
    } else if checkpoint.layout == .folder, checkpoint.shards.count > 1 {
      faults.append(
        Fault(
          kind: .indexMissing, tensor: nil,
          message: "\(checkpoint.shards.count) weight files and no index"))
    }
    self.faults = faults
  }

  /// Parts of a GGUF model that are missing, or do not belong together.
  private static func splitFaults(_ checkpoint: Checkpoint) -> [Fault] {
    checkpoint.missingShards.map {
      Fault(kind: .shardMissing, tensor: nil, message: "the part \($0) does not exist")
    }
      + GGUFSplit.faults(checkpoint).map {
        Fault(kind: .splitMismatch, tensor: nil, message: $0)
      }
  }

  private static func missingShards(
    _ checkpoint: Checkpoint, _ index: SafetensorsIndex
  ) -> [Fault] {
    checkpoint.missingShards.map { shard in
      let count = index.weightMap.count { $0.shard == shard }
      return Fault(
        kind: .shardMissing, tensor: nil,
        message: "the index names \(shard), which does not exist, for \(counted(count, "tensor"))")
    }
  }

  private static func namedFaults(
    _ checkpoint: Checkpoint, _ index: SafetensorsIndex
  ) -> [Fault] {
    let missing = Set(checkpoint.missingShards)
    let twice = Set(checkpoint.storedTwice.map(\.tensor))
    var faults: [Fault] = []
    for (tensor, shard) in index.weightMap where !missing.contains(shard) {
      guard let location = checkpoint.locations[tensor] else {
        faults.append(
          Fault(
            kind: .namedNotStored, tensor: tensor,
            message: "the index says it is in \(shard), but no file stores it"))
        continue
      }
      let holder = checkpoint.shards[location.shard].name
      if holder != shard && !twice.contains(tensor) {
        faults.append(
          Fault(
            kind: .wrongShard, tensor: tensor,
            message: "the index says it is in \(shard), but \(holder) stores it"))
      }
    }
    return faults
  }

  private static func unnamedFaults(
    _ checkpoint: Checkpoint, _ index: SafetensorsIndex
  ) -> [Fault] {
    let named = Set(index.weightMap.map(\.tensor))
    return checkpoint.shards.flatMap { shard in
      shard.tensors.filter { !named.contains($0.name) }.map { tensor in
        Fault(
          kind: .storedNotNamed, tensor: tensor.name,
          message: "\(shard.name) stores it, but the index does not name it")
      }
    }
  }

  private static func totalFault(
    _ checkpoint: Checkpoint, _ index: SafetensorsIndex
  ) -> [Fault] {
    guard let declared = index.totalSize, checkpoint.missingShards.isEmpty,
      declared != checkpoint.storedBytes
    else { return [] }
    return [
      Fault(
        kind: .wrongTotalSize, tensor: nil,
        message: "total_size is \(declared), but the tensors take \(checkpoint.storedBytes) bytes")
    ]
  }
}

extension Checkpoint {
  /// Whether the headers tell enough to write an index that lies anew: every file is there, and
  /// each name is stored once.
  var isIndexRebuildable: Bool {
    !isGGUF && missingShards.isEmpty && storedTwice.isEmpty && hiddenIndex == nil
  }
}
