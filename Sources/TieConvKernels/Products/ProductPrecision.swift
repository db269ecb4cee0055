// How exactly a product multiplies.

/// The element that a product's factors are packed as. Sums are F32 in both.
package enum ProductPrecision: CaseIterable, Sendable {
  /// BF16 and F16 factors are widened, which is exact.
  case f32
  /// Every factor is rounded to BF16, to nearest, ties to even; products of two are exact. Where
  /// the machine has a BF16 dot product, subnormal factors and sums count as zero.
  case bf16

  var elementSize: Int { self == .f32 ? 4 : 2 }

  /// Depths that share a step of a panel.
  var depthStep: Int { self == .f32 ? 1 : 2 }
}
