// What a merge did to the two roles of a tied pair.

/// Where an adapter's changes ended up in a merged checkpoint.
public struct MergeReport: Sendable, Equatable {
  /// The answer.
  public enum Outcome: String, Sendable, CaseIterable {
    /// Embedding and head are both what was trained.
    case applied
    /// The adapter touches neither.
    case untouched
    /// Both are what was trained, but the change is smaller than the rounding of the dtype.
    case notVisible = "not_visible"
    /// A change is missing from the role that it was trained for.
    case lost
    /// A change that was trained for one role has changed the other as well.
    case changedBoth = "changed_both"
    /// Both sides' changes are one and the same, and it was added once for each.
    case appliedTwice = "applied_twice"
    /// The merged matrix is neither the base nor the base with the adapter's changes.
    case unexplained
  }

  /// One role of the pair.
  public enum Side: String, Sendable, Hashable, CaseIterable { case embedding, head }

  /// One role's matrix in the merged checkpoint.
  public struct Role: Sendable, Equatable {
    /// The role.
    public let side: Side
    /// The merged tensor that serves the role.
    public let tensor: String
    /// The sides whose changes were trained for this role.
    public let expected: Set<Side>
    /// The sides whose changes are in the matrix; nil where no combination explains it.
    public let found: Set<Side>?
    /// Whether the matrix is what was trained, as far as rounding lets one see.
    public let isAsTrained: Bool
    /// Whether base and trained matrix differ by more than rounding.
    public let isVisible: Bool
    /// Whether a change that both sides share was added twice.
    public let isTwice: Bool
    /// The greatest difference from what was trained.
    public let maxAbsDiff: Double
  }

  /// The adapter's folder.
  public let adapter: String
  /// The merged checkpoint.
  public let merged: String
  /// The roles: embedding, then head.
  public let roles: [Role]

  /// The answer.
  public var outcome: Outcome {
    if roles.allSatisfy({ $0.expected.isEmpty && $0.isAsTrained }) { return .untouched }
    if roles.contains(where: { !$0.isAsTrained && $0.found == nil }) { return .unexplained }
    if roles.contains(where: \.isTwice) { return .appliedTwice }
    if roles.contains(where: { !$0.isAsTrained && !$0.expected.isSubset(of: $0.found ?? []) }) {
      return .lost
    }
    if roles.contains(where: { !$0.isAsTrained }) { return .changedBoth }
    return roles.contains { !$0.expected.isEmpty && !$0.isVisible } ? .notVisible : .applied
  }

  /// Whether the merge is what was trained.
  public var isSound: Bool {
    switch outcome {
    case .applied, .untouched, .notVisible: true
    case .lost, .changedBoth, .appliedTwice, .unexplained: false
    }
  }

  /// The answer in a sentence.
  public var sentence: String {
    switch outcome {
    case .applied: return "the merged embedding and head are both what the adapter was trained as"
    case .untouched: return "the adapter touches neither embedding nor head, nor does the merge"
    case .notVisible:
      return "the adapter's change is smaller than the rounding of the merged dtype"
    case .appliedTwice:
      return "the one change that embedding and head share was merged twice"
    case .lost, .changedBoth, .unexplained:
      return roles.filter { !$0.isAsTrained }.map(Self.sentence).joined(separator: "; ")
    }
  }

  private static func sentence(_ role: Role) -> String {
    let other: Side = role.side == .embedding ? .head : .embedding
    guard let found = role.found else {
      return "the merged \(role.side.rawValue) (\(role.tensor)) is neither the base nor the base "
        + "with the adapter's changes (off by up to \(DifferenceExplanation.short(role.maxAbsDiff)))"
    }
    let lost = role.expected.subtracting(found)
    let gained = found.subtracting(role.expected)
    var parts: [String] = []
    if !lost.isEmpty {
      parts.append("the change trained for the \(role.side.rawValue) is lost from \(role.tensor)")
    }
    if gained.contains(other) {
      parts.append(
        "the change trained for the \(other.rawValue) has changed the \(role.side.rawValue) "
          + "(\(role.tensor)) as well")
    } else if !gained.isEmpty {
      parts.append("\(role.tensor) has a change that its role was not trained with")
    }
    return parts.joined(separator: ", and ")
  }
}

extension MergeReport {
  /// The report as JSON.
  var json: JSONText {
    [
      "adapter": .string(adapter), "merged": .string(merged),
      "outcome": .string(outcome.rawValue),
      "roles": .array(
        roles.map { role in
          [
            "role": .string(role.side.rawValue), "tensor": .string(role.tensor),
            "expected": Self.json(role.expected),
            "found": role.found.map(Self.json) ?? .null,
            "as_trained": .bool(role.isAsTrained), "twice": .bool(role.isTwice),
            "visible": .bool(role.isVisible),
            "max_abs_diff": .double(role.maxAbsDiff),
          ]
        }),
    ]
  }

  private static func json(_ sides: Set<Side>) -> JSONText {
    .array(Side.allCases.filter(sides.contains).map { .string($0.rawValue) })
  }

  private var hint: String? {
    switch outcome {
    case .applied, .untouched, .notVisible: nil
    case .appliedTwice: "merge one side's change alone"
    case .lost, .changedBoth: "untie the base first, then merge"
    case .unexplained: "is this the base, the adapter and the merge that belong together?"
    }
  }

  /// The report as a finding.
  var problem: TieProblem {
    let severity: TieProblem.Severity =
      !isSound ? .error : outcome == .notVisible ? .warning : .info
    let words = outcome.rawValue.split(separator: "_").map {
      $0.prefix(1).uppercased() + $0.dropFirst()
    }
    return TieProblem(
      "merge" + words.joined(), severity, sentence,
      tensor: roles.first { !$0.isAsTrained }?.tensor,
      hint: hint)
  }
}
