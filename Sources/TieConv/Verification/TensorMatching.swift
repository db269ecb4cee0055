// Which tensor of one checkpoint is which of another: by name, by prefix, by tie.

/// Pairs the tensors of two checkpoints.
struct TensorMatching {
  /// Prefixes that wrappers and base classes add or leave out.
  private static let prefixes = [
    "model.", "transformer.", "module.", "_orig_mod.", "base_model.model.", "bert.", "roberta.",
    "albert.", "language_model.",
  ]

  /// Tensors that are the same one, under the name in each.
  private(set) var pairs: [(one: String, other: String)] = []
  /// What one side stores, and the matrix that it is tied to in the other.
  private(set) var standIns: [(name: String, matrix: String)] = []
  /// Tensors of the first that the second does not have.
  private(set) var onlyInOne: [String] = []
  /// Tensors of the second that the first does not have.
  private(set) var onlyInOther: [String] = []

  init(_ one: Checkpoint, _ other: Checkpoint, _ options: ExecutionOptions)
    throws(CheckpointError)
  {
    let rename = Self.renaming(from: one, to: other)
    var matched: Set<String> = []
    for tensor in one.tensors {
      let name = rename(tensor.name)
      if other.locations[name] != nil {
        pairs.append((tensor.name, name))
        matched.insert(name)
      } else {
        onlyInOne.append(tensor.name)
      }
    }
    onlyInOther = other.tensors.map(\.name).filter { !matched.contains($0) }
    if !onlyInOne.isEmpty || !onlyInOther.isEmpty {
      try matchTies(one, other, options)
    }
  }

  /// What one side stores and the other ties stands against the matrix that it is tied to.
  private mutating func matchTies(
    _ one: Checkpoint, _ other: Checkpoint, _ options: ExecutionOptions
  ) throws(CheckpointError) {
    let left = try TieStandIns(one, options)
    let right = try TieStandIns(other, options)
    onlyInOne.removeAll { name in
      guard let stand = right.standIn(for: name, storedIn: one, left) else { return false }
      pairs.append((name, stand))
      standIns.append((name, stand))
      return true
    }
    onlyInOther.removeAll { name in
      guard let stand = left.standIn(for: name, storedIn: other, right) else { return false }
      pairs.append((stand, name))
      standIns.append((name, stand))
      return true
    }
  }

  /// The change of prefix that turns most names of `one` into names of `other`.
  private static func renaming(
    from one: Checkpoint, to other: Checkpoint
  ) -> (String) -> String {
    let names = one.tensors.map(\.name)
    func hits(_ rename: (String) -> String) -> Int {
      names.count { other.locations[rename($0)] != nil }
    }
    var best: (String) -> String = { $0 }
    var most = hits(best)
    if most * 2 >= names.count { return best }
    for prefix in prefixes {
      let candidates: [(String) -> String] = [
        { prefix + $0 },
        { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 },
      ]
      for candidate in candidates where hits(candidate) > most {
        most = hits(candidate)
        best = candidate
      }
    }
    return best
  }
}

/// For names that a tied checkpoint does not store, the stored matrix that stands in for them.
private struct TieStandIns {
  private let groups: [ResolvedGroup]
  private let tied: Bool
  private let checkpoint: Checkpoint

  init(_ checkpoint: Checkpoint, _ options: ExecutionOptions) throws(CheckpointError) {
    let detector = TieDetector(checkpoint: checkpoint, options: options, compares: false)
    groups = detector.resolution().groups.filter { $0.kind != .multiTokenPrediction }
    // A lone file has no flag; that one matrix serves both is then the only sound reading.
    tied = detector.flag.effective ?? true
    self.checkpoint = checkpoint
  }

  /// The stored matrix of this checkpoint that `name`, stored in another, is tied to here.
  func standIn(
    for name: String, storedIn other: Checkpoint, _ otherGroups: TieStandIns
  ) -> String? {
    guard tied else { return nil }
    let places = otherGroups.groups.enumerated().filter { _, group in
      group.members.contains { $0.family?.members.contains(name) ?? ($0.name == name) }
    }
    for (_, theirs) in places {
      guard
        let mine = groups.first(where: { $0.kind == theirs.kind && $0.isMain == theirs.isMain }),
        let stored = mine.members.first(where: { $0.stored && $0.role == .embedding })
          ?? mine.members.first(where: \.stored)
      else { continue }
      return stored.family?.main ?? stored.name
    }
    return nil
  }
}
