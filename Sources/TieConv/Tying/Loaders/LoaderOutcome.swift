// What may become of a pair; the raw values are the words of the report.

/// What a loader does with the two matrices.
public enum LoaderOutcome: String, Hashable, Sendable, CaseIterable {
  /// One matrix serves both roles and nothing of value is lost.
  case ties
  /// Two matrices, as stored.
  case keepsBoth
  /// The stored head is ignored.
  case dropsHead
  /// The stored embedding is ignored.
  case dropsEmbedding
  /// The head is newly initialised.
  case randomHead
  /// Untied, with the head filled from the embedding.
  case copiesHead
  /// Loading fails with an error.
  case refuses
  /// Not established; the reason says what is missing.
  case unknown
}
