// Rows rounded as ggml rounds activations.

internal import CTieConvKernels

/// What ggml rounds a row of activations to before it multiplies it with weights of some type.
package enum RowRounding: Sendable, Hashable {
  /// The nearest F16 number: for F16 weights.
  case f16
  /// The nearest BF16 number: for BF16 weights.
  case bf16
  /// Codes of 8 bits with one F16 scale a block of 32: for the simple block types. Q8_1 has the same
  /// codes and scale, and beside them the codes' sum.
  case q8_0
  /// Codes of 8 bits with one F32 scale a block of 256: for the K types and those like them.
  case q8K

  var kernel: tc_rounding {
    switch self {
    case .f16: TC_ROUND_F16
    case .bf16: TC_ROUND_BF16
    case .q8_0: TC_ROUND_Q8_0
    case .q8K: TC_ROUND_Q8_K
    }
  }
}

extension RowKernels {
  /// y = the numbers that ggml's codes of `x` stand for, as its vector code makes them: ties to even.
  /// A last block may be short, which ggml refuses. `x` and `y` may be the same row. All levels give
  /// the same bits.
  package func round(
    _ x: Row, to rounding: RowRounding, into y: MutableRow
  ) throws(KernelError) {
    try Self.check(x.count, y.count)
    guard let p = x.baseAddress, let q = y.baseAddress else { return }
    unsafe table.round(rounding.kernel, p, x.count, q)
  }

  /// For every block of 32 what ggml's Q8_1 has too much of the sum of `x`, which it keeps as F16
  /// and multiplies with a block's minimum: the stored sum less that of the numbers that `round`
  /// gives for `q8_0`. `excess` has one element a block. All levels give the same bits.
  package func sumExcess(_ x: Row, into excess: MutableRow) throws(KernelError) {
    try Self.check((x.count + 31) / 32, excess.count)
    guard let p = x.baseAddress, let q = excess.baseAddress else { return }
    unsafe table.round_excess(p, x.count, q)
  }
}
