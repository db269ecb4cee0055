// C = scale · A · B (+ C) (+ bias), checked, for factors of any of the kinds that weights have.

internal import CTieConvKernels

/// Matrix products with F32 targets.
///
/// An element of C is a sum of sums: the inner dimension is cut into blocks of at most 320 (640
/// for `bf16`) that depend on its length alone; within a block terms are added in rising order (in
/// pairs, the higher first, for `bf16`), each by one fused multiply-add; each block's sum, times the
/// scale, is then added to C by another. Up to eight rows times the transpose of a stored matrix are
/// summed otherwise, in 16 lanes and a tree, and B is not packed. Either way the bits do not depend
/// on the threads, and all levels with a fused multiply-add give the same. The error of an element is at most
/// (k + 3)·2⁻²⁴·Σ|a·b|·|scale| to first order, by the usual bound of recursive summation.
package enum MatrixProduct {
  /// Writes scale · `a` · `b`, plus what `c` holds if `accumulate`, plus the epilogue's bias. `c`
  /// is `a.rows` × `b.columns`, `stride` elements from row to row (its columns if nil), and must
  /// not overlap the factors.
  package static func multiply(
    _ a: MatrixOperand, _ b: MatrixOperand, into c: UnsafeMutableBufferPointer<Float>,
    stride: Int? = nil, scale: Float = 1, accumulate: Bool = false,
    epilogue: ProductEpilogue = .none, precision: ProductPrecision = .f32, pool: ThreadPool,
    kernels: KernelSet = .best
  ) throws(KernelError) {
    guard a.columns == b.rows else { throw .unequalExtents(a.columns, b.rows) }
    let target = try unsafe ProductTarget(
      c, rows: a.rows, columns: b.columns, stride: stride, scale: scale, accumulate: accumulate,
      epilogue: epilogue)
    run(a, b, target, ProductKernels(kernels, precision), on: pool)
  }

  /// The same with a right factor that was packed before, in its precision.
  package static func multiply(
    _ a: MatrixOperand, _ b: PackedMatrix, into c: UnsafeMutableBufferPointer<Float>,
    stride: Int? = nil, scale: Float = 1, accumulate: Bool = false,
    epilogue: ProductEpilogue = .none, pool: ThreadPool
  ) throws(KernelError) {
    guard a.columns == b.rows else { throw .unequalExtents(a.columns, b.rows) }
    let target = try unsafe ProductTarget(
      c, rows: a.rows, columns: b.columns, stride: stride, scale: scale, accumulate: accumulate,
      epilogue: epilogue)
    BlockedProduct(left: a, right: .packed(b), target: target, kernels: b.layout.kernels)
      .run(on: pool)
  }

  /// Many products at once, such as those of attention heads; their targets must not overlap. The
  /// bits are those of one call each.
  package static func multiply(
    _ batch: [BatchedProduct], precision: ProductPrecision = .f32, pool: ThreadPool,
    kernels: KernelSet = .best
  ) {
    let product = ProductKernels(kernels, precision)
    @Sendable func run(_ index: Int) {
      guard batch.indices.contains(index) else { return }
      let item = batch[index]
      Self.run(item.left, item.right, item.target, product, on: pool)
    }
    // Few products are cut within instead.
    if batch.count >= pool.threads {
      pool.run(parts: batch.count, run)
    } else {
      batch.indices.forEach(run)
    }
  }

  private static func run(
    _ a: MatrixOperand, _ b: MatrixOperand, _ target: ProductTarget, _ kernels: ProductKernels,
    on pool: ThreadPool
  ) {
    let few = FewRowsProduct(left: a, right: b, target: target, kernels: kernels)
    if let few {
      few.run(on: pool)
    } else {
      BlockedProduct(left: a, right: .stored(b), target: target, kernels: kernels).run(on: pool)
    }
  }
}
