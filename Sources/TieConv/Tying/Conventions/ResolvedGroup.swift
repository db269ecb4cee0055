// The tensors of one checkpoint that an architecture ties, or could tie.

/// Names that share, or could share, one parameter.
public struct ResolvedGroup: Hashable, Sendable {
  /// What kind of parameters a group is about.
  public enum Kind: String, Hashable, Sendable {
    /// Token embeddings and output heads.
    case vocabulary
    /// A head's bias under two names (BERT's `decoder.bias` beside `predictions.bias`).
    case bias
    /// Extra prediction layers with tables of their own: reported, never acted on by default.
    case multiTokenPrediction
  }

  /// What kind of parameters these are.
  public let kind: Kind
  /// In declared order, the source of the tie first.
  public let members: [ResolvedMember]
  /// The embedding's name as the architecture looks for it on disk, in this checkpoint's spelling.
  public let canonicalEmbedding: String?
  /// The head's name likewise, stored or not.
  public let canonicalHead: String?
  /// Whether this is the group that the verdict of the checkpoint speaks of.
  public let isMain: Bool
  /// Whether the class declares a tie between these names; false for pairs found by name and shape.
  public let isDeclared: Bool

  /// Stored members of a role.
  public func stored(_ role: TensorRole) -> [ResolvedMember] {
    members.filter { $0.role == role && $0.stored }
  }
}
