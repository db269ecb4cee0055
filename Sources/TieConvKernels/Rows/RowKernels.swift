// What a decoder does to one row of floats between its matrix products, checked.

internal import CTieConvKernels

/// Row kernels of one instruction set. The formulas stand in `tc_nn.h`; sums over a row are F32 in
/// 16 lanes added as a fixed tree, so their bits depend on the row alone, and are equal on all
/// levels with a fused multiply-add. Every method refuses rows of unequal counts.
@safe package struct RowKernels: @unchecked Sendable {
  let table: tc_row_table

  package typealias Row = UnsafeBufferPointer<Float>
  package typealias MutableRow = UnsafeMutableBufferPointer<Float>

  /// Those of the best instruction set.
  package static let best = RowKernels(.best)

  package init(_ kernels: KernelSet) { unsafe table = kernels.rows }

  static func check(_ count: Int, _ others: Int...) throws(KernelError) {
    for other in others where other != count { throw .unequalCounts(count, other) }
  }
}
