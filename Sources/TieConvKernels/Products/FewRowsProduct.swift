// The product of a few rows with the transpose of a stored matrix: packing B would cost more than
// multiplying by it, so its rows are read once, where they lie.

internal import CTieConvKernels

@safe struct FewRowsProduct: Sendable {
  /// Up to here reading B is what takes the time.
  private static let mostRows = 8
  /// Bytes of B that are worth a part of their own, and the parts beyond which more do not help.
  private static let partBytes = 65_536
  private static let mostParts = 64

  let left: MatrixOperand
  let right: MatrixOperand
  let target: ProductTarget
  let kernels: ProductKernels

  /// Nil for products that are not of this kind.
  init?(
    left: MatrixOperand, right: MatrixOperand, target: ProductTarget, kernels: ProductKernels
  ) {
    let reads = right.kind == .bf16 || (right.kind == .f32 && kernels.precision == .f32)
    guard reads, right.isTransposed, target.rows <= Self.mostRows else { return nil }
    self.left = left
    self.right = right
    self.target = target
    self.kernels = kernels
  }

  func run(on pool: ThreadPool) {
    let depth = left.columns
    guard target.rows > 0, target.columns > 0 else { return }
    let step = kernels.precision.depthStep
    let stride = (depth + step - 1) / step * step
    let size = kernels.precision.elementSize
    // A product over no depth still asks for an address.
    unsafe pool.scratch.withBytes(max(1, target.rows * stride) * size) { scratch in
      guard let base = unsafe Base(scratch.baseAddress) else { return }
      let rows = unsafe left.lines(fromRow: 0, column: 0, alongColumns: false)
      unsafe kernels.pack(rows, lines: target.rows, depth: depth, width: 1, into: base.address)
      let lineBytes = max(1, depth * right.kind.byteWidth)
      let width = max(
        (target.columns + Self.mostParts - 1) / Self.mostParts, Self.partBytes / lineBytes, 4)
      pool.run(parts: (target.columns + width - 1) / width) { part in
        let columns = (part * width)..<min(target.columns, (part + 1) * width)
        let lines = unsafe right.lines(
          fromRow: 0, column: columns.lowerBound, alongColumns: true)
        let tile = unsafe target.tile(
          rows: 0..<target.rows, columns: columns, isFirst: true, isLast: true)
        unsafe kernels.multiplyRows(base.address, stride, lines, depth: depth, into: tile)
      }
    }
  }
}
