// The gradient of the vocabulary's table, as an input or as an output.

internal import TieConvKernels

/// A sum of contributions to the rows of a table.
protocol TableGradient: AnyObject, Sendable {
  var rows: Int { get }
  var columns: Int { get }

  /// Adds scale times a vector to a row: a token that was looked up.
  func add(_ line: UnsafePointer<Float>, times scale: Float, toRow row: Int)

  /// Adds scale · slopesᵀ · hidden to rows: logits that were taken. `slopes`, positions × rows,
  /// are the gradients of logits that were made of the rows `positions` of `hidden`.
  func add(
    _ slopes: FloatMatrix, _ hidden: FloatMatrix, _ positions: Range<Int>, times scale: Float,
    toRows rows: Range<Int>, _ machine: Machine
  ) throws(KernelError)

  /// The elements of a row.
  func row(_ row: Int) -> [Double]
}

extension FloatMatrix: TableGradient {
  func add(_ line: UnsafePointer<Float>, times scale: Float, toRow row: Int) {
    unsafe Vectors.add(line, columns, times: scale, to: pointer(row))
  }

  func add(
    _ slopes: FloatMatrix, _ hidden: FloatMatrix, _ positions: Range<Int>, times scale: Float,
    toRows rows: Range<Int>, _ machine: Machine
  ) throws(KernelError) {
    try machine.multiply(
      slopes.operand().transposed, hidden.operand(rows: positions), into: self,
      row: rows.lowerBound, alpha: scale, accumulates: true)
  }

  func row(_ row: Int) -> [Double] {
    (0..<columns).map { unsafe Double(pointer(row, $0).pointee) }
  }
}
