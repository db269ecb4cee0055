// A matrix of floats: activations, gradients, and weights in F32.

internal import TieConvKernels

/// A row-major matrix of floats, shared by reference. Whoever writes to one from several threads
/// gives each thread rows, or columns, of its own.
@safe final class FloatMatrix: @unchecked Sendable {
  let rows: Int
  let columns: Int
  private let floats: UnsafeMutablePointer<Float>
  private let store: BufferStore

  /// A matrix with arbitrary content; its memory goes back to `store`.
  init(_ rows: Int, _ columns: Int, store: BufferStore) {
    self.rows = rows
    self.columns = columns
    self.store = store
    unsafe floats = store.take(rows * columns)
  }

  /// A matrix of one value.
  convenience init(_ rows: Int, _ columns: Int, store: BufferStore, filledWith value: Float) {
    self.init(rows, columns, store: store)
    fill(value)
  }

  deinit { unsafe store.give(back: floats, count: rows * columns) }

  var count: Int { rows * columns }

  /// The elements.
  var elements: UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: floats, count: count)
  }

  /// The element at (row, column), which lies within the matrix, and what follows it.
  func pointer(_ row: Int = 0, _ column: Int = 0) -> UnsafeMutablePointer<Float> {
    unsafe floats + (row * columns + column)
  }

  func fill(_ value: Float) { unsafe elements.update(repeating: value) }

  func copy(_ other: FloatMatrix) {
    unsafe floats.update(from: other.floats, count: min(count, other.count))
  }

  /// A copy in memory of its own.
  func duplicate() -> FloatMatrix {
    let made = FloatMatrix(rows, columns, store: store)
    made.copy(self)
    return made
  }

  /// The matrix, or a part of it, as a factor.
  func operand(
    rows: Range<Int>? = nil, columns: Range<Int>? = nil
  ) throws(KernelError) -> MatrixOperand {
    let rows = rows ?? 0..<self.rows
    let columns = columns ?? 0..<self.columns
    let start = rows.lowerBound * self.columns + columns.lowerBound
    return try unsafe MatrixOperand(
      UnsafeBufferPointer(rebasing: elements[start...]), rows: rows.count, columns: columns.count,
      rowStride: self.columns)
  }
}
