// The sixteen answers to "is it tied?".

/// What flag, stored names and bytes say together about one group of matrices.
public enum TieVerdict: String, Sendable, CaseIterable {
  /// Flag true, one matrix stored: clean.
  case tied = "TIED"
  /// Flag true, only the head stored: loaders look for the embedding.
  case tiedReversed = "TIED_REVERSED"
  /// Flag true, both stored and equal: waste, and trainers then train the two apart.
  case tiedDuplicate = "TIED_DUPLICATE"
  /// Flag true, both stored and different: one of them is about to be thrown away.
  case tiedConflict = "TIED_CONFLICT"
  /// Flag false, both stored and different: clean.
  case untied = "UNTIED"
  /// Flag false, both stored and equal: a lossless tie is possible.
  case untiedEqual = "UNTIED_EQUAL"
  /// Flag false, no head stored: random on load.
  case headMissing = "HEAD_MISSING"
  /// No flag, and no known default.
  case flagUnknown = "FLAG_UNKNOWN"
  /// Two levels of the config state different flags.
  case flagSplit = "FLAG_SPLIT"
  /// At least 90 % of the rows are equal, or all are after an exact cast.
  case nearEqual = "NEAR_EQUAL"
  /// One factor other than 1 explains the head from the embedding.
  case roleScaled = "ROLE_SCALED"
  /// Row counts differ.
  case shapeMismatch = "SHAPE_MISMATCH"
  /// The two are packed differently.
  case quantMixed = "QUANT_MIXED"
  /// Index and shards contradict each other.
  case indexLie = "INDEX_LIE"
  /// An encoder or embedding model: there is no head.
  case noHead = "NO_HEAD"
  /// Tensors, but no known embedding.
  case notAModel = "NOT_A_MODEL"

  /// Whether a release with this verdict is sound: `inspect` exits 0.
  public var isSound: Bool {
    switch self {
    case .tied, .untied, .untiedEqual, .noHead: true
    default: false
    }
  }

  /// The verdict in a sentence.
  public var meaning: String {
    switch self {
    case .tied: "the flag says tied and one matrix is stored"
    case .tiedReversed: "the flag says tied, but only the head is stored, not the embedding"
    case .tiedDuplicate: "the flag says tied, and the head is stored again as an equal copy"
    case .tiedConflict:
      "the flag says tied, but head and embedding differ: loading throws one away"
    case .untied: "the flag says untied, and two different matrices are stored"
    case .untiedEqual:
      "the flag says untied, but both matrices are equal: a lossless tie is possible"
    case .headMissing: "the flag says untied, but no head is stored: it would be random"
    case .flagUnknown: "no flag, and no known default: loaders disagree"
    case .flagSplit: "the config states both true and false: the answer depends on the loader"
    case .nearEqual: "head and embedding are equal but for some rows, or but for a cast"
    case .roleScaled: "the head is the embedding times a constant"
    case .shapeMismatch: "head and embedding have different numbers of rows"
    case .quantMixed: "head and embedding are packed differently"
    case .indexLie: "the index and the weight files contradict each other"
    case .noHead: "the model has no output head"
    case .notAModel: "no token embedding is known among these tensors"
    }
  }
}
