// Packing and multiplying packed blocks, of either precision.

internal import CTieConvKernels

@safe struct ProductKernels: @unchecked Sendable {
  let table: tc_gemm_table
  let precision: ProductPrecision

  init(_ kernels: KernelSet, _ precision: ProductPrecision) {
    unsafe table = kernels.gemm
    self.precision = precision
  }

  /// The rows of A in a panel.
  var rowWidth: Int { unsafe precision == .f32 ? table.rows_f32 : table.rows_bf16 }
  /// The columns of B in a panel.
  var columnWidth: Int { unsafe precision == .f32 ? table.columns_f32 : table.columns_bf16 }

  func pack(
    _ source: tc_matrix, lines: Int, depth: Int, width: Int, into target: UnsafeMutableRawPointer
  ) {
    if precision == .f32 {
      unsafe table.pack_f32(
        source, lines, depth, width, target.assumingMemoryBound(to: Float.self))
    } else {
      unsafe table.pack_bf16(
        source, lines, depth, width, target.assumingMemoryBound(to: UInt16.self))
    }
  }

  /// Multiplies one depth block; the factors start at a panel each.
  func multiply(_ a: PackedBlock, _ b: PackedBlock, depth: Int, into target: tc_target) {
    if precision == .f32 {
      unsafe table.product_f32(
        a.start.assumingMemoryBound(to: Float.self), a.panelStride,
        b.start.assumingMemoryBound(to: Float.self), b.panelStride, depth, target)
    } else {
      unsafe table.product_bf16(
        a.start.assumingMemoryBound(to: UInt16.self), a.panelStride,
        b.start.assumingMemoryBound(to: UInt16.self), b.panelStride, depth, target)
    }
  }

  /// Multiplies packed rows with lines where they lie.
  func multiplyRows(
    _ rows: UnsafeRawPointer, _ stride: Int, _ lines: tc_matrix, depth: Int,
    into target: tc_target
  ) {
    if precision == .f32 {
      unsafe table.dots_f32(
        rows.assumingMemoryBound(to: Float.self), stride, lines, depth, target)
    } else {
      unsafe table.dots_bf16(
        rows.assumingMemoryBound(to: UInt16.self), stride, lines, depth, target)
    }
  }
}

/// Panels of one depth block.
@safe struct PackedBlock {
  let start: UnsafeRawPointer
  /// Elements from panel to panel.
  let panelStride: Int
}
