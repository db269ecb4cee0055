// What is left of a packed head whose codes are gone: scales and zeros that belong to nothing.

/// The companions that a head left behind, held against those of the embedding.
struct LeftoverCompanions {
  /// The names, each with the tensor of the embedding's family that has its very bytes.
  let twins: [String: String]
  /// Names whose bytes the embedding does not have.
  let strangers: [String]

  /// What lies under the head's module; nil where nothing is left over.
  ///
  /// - Throws: `CheckpointError` where bytes cannot be read.
  init?(
    of group: TieGroup, in checkpoint: Checkpoint, _ options: ExecutionOptions
  ) throws(CheckpointError) {
    guard group.head == nil, let head = group.canonicalHead.flatMap({ TensorName($0).module }),
      let left = TensorFamily(stem: String(head), isStored: { checkpoint.tensor($0) != nil }),
      left.isLeftover
    else { return nil }
    let embedding = group.members.first.flatMap { TensorName($0.name).module }
    var twins: [String: String] = [:]
    var strangers: [String] = []
    for name in left.companions {
      let twin = embedding.map { String($0) + name.dropFirst(head.count) }
      if let twin, try Self.isSame(name, twin, checkpoint, options) {
        twins[name] = twin
      } else {
        strangers.append(name)
      }
    }
    self.twins = twins
    self.strangers = strangers
  }

  private static func isSame(
    _ name: String, _ twin: String, _ checkpoint: Checkpoint, _ options: ExecutionOptions
  ) throws(CheckpointError) -> Bool {
    guard let left = checkpoint.tensor(name), let right = checkpoint.tensor(twin),
      left.info.dtype == right.info.dtype, left.info.shape == right.info.shape
    else { return false }
    return try RangeComparison([RangePair(left, right)]).firstDifference(options) == nil
  }
}
