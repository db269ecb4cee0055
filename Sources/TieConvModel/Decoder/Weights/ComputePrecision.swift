// In what arithmetic matrix products are computed.

/// What the factors of matrix products are rounded to; sums are always F32.
public enum ComputePrecision: String, Sendable, CaseIterable {
  /// Nothing: weights as they are stored, activations in F32.
  case f32
  /// Both factors to BF16.
  case bf16
  /// As ggml computes with a GGUF file's weights: weights as they are stored, activations to what
  /// ggml takes for weights of that type (`quantize_row_q8_0`, `_q8_1`, `_q8_K`: blocks of 8-bit
  /// codes; F16 and BF16 for such weights), and attention's keys and values to F16, as its cache
  /// holds them.
  case ggml
}
