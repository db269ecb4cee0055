// In what precision matrix products take their factors.

/// The precision of the factors of matrix products; sums are always F32.
public enum ComputePrecision: String, Sendable, CaseIterable {
  case f32, bf16
}
