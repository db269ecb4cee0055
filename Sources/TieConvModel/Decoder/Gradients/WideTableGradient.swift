// The gradient of the table with every sum in F64.

internal import TieConvKernels

/// A table's gradient whose sums are F64, for comparisons that F32 sums would blur.
@safe final class WideTableGradient: TableGradient, @unchecked Sendable {
  let rows: Int
  let columns: Int
  private let sums: UnsafeMutableBufferPointer<Double>

  init(_ rows: Int, _ columns: Int) {
    self.rows = rows
    self.columns = columns
    unsafe sums = .allocate(capacity: max(1, rows * columns))
    unsafe sums.initialize(repeating: 0)
  }

  deinit { unsafe sums.deallocate() }

  private func add(_ line: UnsafePointer<Float>, times scale: Double, at row: Int) {
    let start = row * columns
    for column in 0..<columns {
      unsafe sums[start + column] += unsafe scale * Double(line[column])
    }
  }

  func add(_ line: UnsafePointer<Float>, times scale: Float, toRow row: Int) {
    unsafe add(line, times: Double(scale), at: row)
  }

  func add(
    _ slopes: FloatMatrix, _ hidden: FloatMatrix, _ positions: Range<Int>, times scale: Float,
    toRows rows: Range<Int>, _ machine: Machine
  ) throws(KernelError) {
    machine.forEachRow(of: rows.count) { row in
      for position in positions {
        let slope = unsafe slopes.pointer(position - positions.lowerBound, row).pointee
        guard slope != 0 else { continue }
        unsafe add(
          hidden.pointer(position), times: Double(scale) * Double(slope),
          at: rows.lowerBound + row)
      }
    }
  }

  func row(_ row: Int) -> [Double] {
    unsafe Array(sums[row * columns..<(row + 1) * columns])
  }
}
