// A matrix of weights in memory, F32 or BF16.

internal import TieConvIO
internal import TieConvKernels

/// Weights of one matrix, in the type in which products take them.
@safe final class WeightMatrix: @unchecked Sendable {
  let rows: Int
  let columns: Int
  /// `f32` or `bf16`.
  let kind: ElementKind
  private let buffer: AlignedBuffer

  /// A matrix with arbitrary content.
  init(_ rows: Int, _ columns: Int, kind: ElementKind) {
    self.rows = rows
    self.columns = columns
    self.kind = kind
    buffer = AlignedBuffer(count: rows * columns * kind.byteWidth)
  }

  var count: Int { rows * columns }

  /// The bytes of all elements.
  var bytes: UnsafeMutableRawBufferPointer {
    unsafe buffer.bytes(rows * columns * kind.byteWidth)
  }

  /// The bytes of some rows.
  func bytes(ofRows range: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let row = columns * kind.byteWidth
    return unsafe UnsafeMutableRawBufferPointer(
      rebasing: bytes[range.lowerBound * row..<range.upperBound * row])
  }

  /// The elements, of an F32 matrix; none of another.
  var floats: UnsafeMutableBufferPointer<Float> {
    unsafe kind == .f32 ? bytes.bindMemory(to: Float.self) : .init(start: nil, count: 0)
  }

  /// The matrix, or some of its rows, as a factor.
  func operand(rows range: Range<Int>? = nil) throws(KernelError) -> MatrixOperand {
    let range = range ?? 0..<rows
    return try unsafe MatrixOperand(
      UnsafeRawBufferPointer(bytes(ofRows: range)), kind: kind, rows: range.count,
      columns: columns)
  }

  /// Writes F32 values to consecutive elements, from the one numbered `element` on, in this
  /// matrix's type.
  func set(_ source: UnsafeBufferPointer<Float>, element: Int) throws(KernelError) {
    let start = element * kind.byteWidth
    let end = start + source.count * kind.byteWidth
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end])
    let from = UnsafeRawBufferPointer(source)
    guard kind == .bf16 else {
      unsafe target.copyMemory(from: from)
      return
    }
    var halves = unsafe target.bindMemory(to: UInt16.self).mutableSpan
    try unsafe Narrowing.fromFloat32(from.bytes, to: .bf16, into: &halves)
  }

  /// Writes a row as F32.
  func row(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(KernelError) {
    var floats = unsafe target.mutableSpan
    try unsafe Widening.toFloat32(
      UnsafeRawBufferPointer(bytes(ofRows: row..<row + 1)).bytes, kind: kind, into: &floats)
  }

  /// A copy in memory of its own.
  func duplicate() -> WeightMatrix {
    let made = WeightMatrix(rows, columns, kind: kind)
    unsafe made.bytes.copyMemory(from: UnsafeRawBufferPointer(bytes))
    return made
  }
}
