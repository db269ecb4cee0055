// A right factor packed once for many products: a weight.

/// A matrix in the layout that products read, owned. Worth its memory where one right factor is
/// multiplied again and again: packing it costs about as much as a product with a few rows.
@safe package final class PackedMatrix: @unchecked Sendable {
  package let rows: Int
  package let columns: Int
  package let precision: ProductPrecision
  let kernels: KernelSet
  let layout: PanelLayout
  let storage: UnsafeMutableRawBufferPointer

  /// Packs the factor `matrix`; for y = x·Wᵀ that is the transpose of the stored W.
  package init(
    _ matrix: MatrixOperand, precision: ProductPrecision, pool: ThreadPool,
    kernels: KernelSet = .best
  ) {
    rows = matrix.rows
    columns = matrix.columns
    self.precision = precision
    self.kernels = kernels
    let product = ProductKernels(kernels, precision)
    let depths = DepthBlocks(depth: matrix.rows, step: precision.depthStep)
    let layout = PanelLayout(
      kernels: product, depths: depths, blocks: 0..<depths.count, lines: matrix.columns,
      width: product.columnWidth)
    self.layout = layout
    unsafe storage = .allocate(byteCount: max(64, layout.byteCount), alignment: 64)
    guard let base = unsafe Base(storage.baseAddress) else { return }
    pool.run(parts: layout.parts) { part in
      unsafe layout.pack(part: part, of: matrix, firstLine: 0, isRight: true, into: base.address)
    }
  }

  deinit { unsafe storage.deallocate() }

  /// Bytes of memory that the packed matrix takes.
  package var byteCount: Int { unsafe storage.count }
}

/// An address that parts of one call share; they write to places of their own.
@safe struct Base: @unchecked Sendable {
  let address: UnsafeMutableRawPointer

  init?(_ address: UnsafeMutableRawPointer?) {
    guard let address = unsafe address else { return nil }
    unsafe self.address = address
  }
}
