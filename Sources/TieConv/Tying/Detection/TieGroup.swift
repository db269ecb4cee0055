// One judged group: names that share, or could share, one matrix.

/// A tie group with its verdict and the evidence for it.
public struct TieGroup: Sendable {
  /// One name of the group.
  public struct Member: Sendable, Equatable {
    /// The tensor that holds the values or codes.
    public let name: String
    /// What it is for.
    public let role: TensorRole
    /// Its element type, of the codes where it is packed.
    public let dtype: DType
    /// Its shape, of the codes where it is packed.
    public let shape: Shape
    /// The file that stores it.
    public let file: String
    /// All tensors that store the matrix together, this one included.
    public let family: [String]
    /// Whether it equals the group's reference, byte for byte; nil where that was not looked at.
    public let equalsReference: Bool?
    /// Whether it is not a copy of the reference but the very same bytes of the file.
    public let sharesStorage: Bool
    /// How it is packed; nil where it is plain.
    public let packing: MemberPacking?

    /// The extents of the matrix: of what the codes stand for, where it is packed; nil where that
    /// cannot be told.
    public var matrixShape: Shape? { packing == nil ? shape : packing?.shape }
  }

  /// What kind of matrices these are.
  public let kind: ResolvedGroup.Kind
  /// Whether the verdict on the checkpoint is this group's.
  public let isMain: Bool
  /// The verdict.
  public let verdict: TieVerdict
  /// The stored embedding; nil where none is stored.
  public let embedding: String?
  /// The stored head; nil where none is stored.
  public let head: String?
  /// The name under which the architecture looks for the embedding.
  public let canonicalEmbedding: String?
  /// The name under which the architecture looks for the head.
  public let canonicalHead: String?
  /// The stored members, the reference (which the others are compared with) first.
  public let members: [Member]
  /// How embedding and head relate; nil where they were not, or cannot be, compared.
  public let comparison: MatrixComparison?
  /// Whether all stored members are equal; nil where that is not known.
  public let isEqual: Bool?
  /// What differs and why, in a sentence; nil where there is nothing to say.
  public let explanation: String?
  /// Bytes that a lossless tie would save.
  public let reclaimableBytes: Int

  /// Stored members that a tie would drop.
  public var redundantMembers: [Member] {
    members.dropFirst().filter { $0.equalsReference == true }
  }
}
