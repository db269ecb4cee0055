// One name that takes part in a tie, whether or not it is stored.

/// One name of a tie group, in the spelling of this checkpoint.
public struct ResolvedMember: Hashable, Sendable {
  /// What the tensor is for.
  public let role: TensorRole
  /// The main tensor as stored, or the name under which the architecture would look for it.
  public let name: String
  /// Whether it is stored.
  public let stored: Bool
  /// All tensors of the matrix; nil when nothing of it is stored.
  public let family: TensorFamily?
}
