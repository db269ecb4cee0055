// What arithmetic runs on: threads, memory, and the precision of products.

internal import Synchronization
internal import TieConvKernels

/// The operations that run as kernels.
typealias Vectors = VectorKernels

/// The means of computation that one decoder has.
struct Machine: Sendable {
  let pool: ThreadPool
  let store: BufferStore
  let precision: ComputePrecision

  init(threads: Int, precision: ComputePrecision) {
    pool = ThreadPool(threads: threads)
    store = BufferStore()
    self.precision = precision
  }

  /// A matrix with arbitrary content.
  func matrix(_ rows: Int, _ columns: Int) -> FloatMatrix {
    FloatMatrix(rows, columns, store: store)
  }

  /// A matrix of zeros.
  func zeros(_ rows: Int, _ columns: Int) -> FloatMatrix {
    FloatMatrix(rows, columns, store: store, filledWith: 0)
  }

  /// Runs numbered parts on the threads; of several errors the first part's is thrown.
  func run(
    parts: Int, _ body: @Sendable (_ part: Int) throws(KernelError) -> Void
  ) throws(KernelError) {
    let failure = Mutex<(part: Int, error: KernelError)?>(nil)
    pool.run(parts: parts) { part in
      do throws(KernelError) {
        try body(part)
      } catch {
        failure.withLock { first in
          if part < first?.part ?? .max { first = (part, error) }
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }

  /// Rows that one part of row-wise work takes. Fixed, because sums over rows are kept by part.
  static let rowsOfPart = 32

  static func parts(ofRows rows: Int) -> Int { (rows + rowsOfPart - 1) / rowsOfPart }

  /// Calls `body` with every row, on the threads.
  func forEachRow(of rows: Int, _ body: @Sendable (_ row: Int) -> Void) {
    pool.run(parts: Self.parts(ofRows: rows)) { part in
      for row in part * Self.rowsOfPart..<min((part + 1) * Self.rowsOfPart, rows) { body(row) }
    }
  }

  /// Sums over rows that every part keeps for itself, added in the order of the parts. `body` adds
  /// its row's contribution to the sums that it is given.
  func sumOverRows(
    _ rows: Int, into total: FloatMatrix,
    _ body: @Sendable (_ row: Int, _ sums: UnsafeMutablePointer<Float>) -> Void
  ) {
    let parts = Self.parts(ofRows: rows)
    let sums = zeros(parts, total.count)
    pool.run(parts: parts) { part in
      for row in part * Self.rowsOfPart..<min((part + 1) * Self.rowsOfPart, rows) {
        unsafe body(row, sums.pointer(part))
      }
    }
    for part in 0..<parts {
      unsafe Vectors.add(sums.pointer(part), total.count, to: total.pointer())
    }
  }
}
