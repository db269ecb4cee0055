// The resolver's answer, which may be that it cannot tell.

/// The groups of a checkpoint, or why there are none.
public struct RoleResolution: Hashable, Sendable {
  /// The main group first.
  public let groups: [ResolvedGroup]
  /// Why nothing could be told, when `groups` has no main group.
  public let problem: String?

  /// The group that the verdict speaks of.
  public var main: ResolvedGroup? { groups.first { $0.isMain } }
}
