// The two sides of a tie, and the bias beside one of them.

/// What a tensor is for within a tie group.
public enum TensorRole: String, Hashable, Sendable, CaseIterable {
  case embedding, head, bias
}
