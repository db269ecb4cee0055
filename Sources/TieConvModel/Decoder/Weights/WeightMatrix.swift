// A matrix of weights: in memory of its own, or where it lies in a mapped file.

internal import TieConvIO
internal import TieConvKernels

/// Weights of one matrix, as products read them: F32, BF16 or F16. Nobody writes to one once a
/// decoder has it.
@safe final class WeightMatrix: @unchecked Sendable {
  /// Rows of one stored type, and what activations are rounded to before a product with them.
  struct Stretch: Sendable, Equatable {
    var rows: Range<Int>
    var rounding: RowRounding?
  }

  private enum Memory: Sendable {
    case owned(AlignedBuffer)
    case mapped(MappedFile, Range<Int>)
  }

  let rows: Int
  let columns: Int
  /// `f32`, `bf16` or `f16`.
  let kind: ElementKind
  /// Whether elements lie column by column, as in GPT-2's files.
  let isTransposed: Bool
  /// The rows, by what activations are rounded to: one stretch of exact products as a rule.
  var stretches: [Stretch]
  /// Rows × columns / 32: the minima of ggml's blocks, which it multiplies with rounded sums of
  /// activations; nil where there are none.
  var minima: WeightMatrix?
  private let memory: Memory

  /// A matrix in memory of its own, with arbitrary content.
  init(_ rows: Int, _ columns: Int, kind: ElementKind) {
    self.rows = rows
    self.columns = columns
    self.kind = kind
    isTransposed = false
    stretches = [Stretch(rows: 0..<rows)]
    memory = .owned(AlignedBuffer(count: rows * columns * kind.byteWidth))
  }

  /// The matrix whose elements are the bytes of `range` of a file; nil where their number is not
  /// right.
  init?(
    _ rows: Int, _ columns: Int, kind: ElementKind, in file: MappedFile, _ range: Range<Int>,
    isTransposed: Bool
  ) {
    guard range.lowerBound >= 0, range.upperBound <= file.size,
      range.count == rows * columns * kind.byteWidth
    else { return nil }
    self.rows = rows
    self.columns = columns
    self.kind = kind
    self.isTransposed = isTransposed
    stretches = [Stretch(rows: 0..<rows)]
    memory = .mapped(file, range)
  }

  var count: Int { rows * columns }

  /// The bytes of all elements.
  var bytes: UnsafeRawBufferPointer {
    switch memory {
    case .owned(let buffer):
      unsafe UnsafeRawBufferPointer(buffer.bytes(count * kind.byteWidth))
    case .mapped(let file, let range):
      unsafe file.bytes(range) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }
  }

  /// The elements, of an F32 matrix in memory of its own; none of another.
  var floats: UnsafeMutableBufferPointer<Float> {
    guard kind == .f32, case .owned(let buffer) = memory else {
      return unsafe .init(start: nil, count: 0)
    }
    return unsafe buffer.bytes(count * kind.byteWidth).bindMemory(to: Float.self)
  }

  /// The matrix, or some of its rows, as a factor.
  func operand(rows range: Range<Int>? = nil) throws(KernelError) -> MatrixOperand {
    let range = range ?? 0..<rows
    let start = range.lowerBound * (isTransposed ? 1 : columns) * kind.byteWidth
    let all = unsafe bytes
    guard range.lowerBound >= 0, range.upperBound <= rows, start <= all.count else {
      throw .outsideBlock(bytes: all.count)
    }
    let part = unsafe UnsafeRawBufferPointer(rebasing: all[start...])
    guard isTransposed else {
      return try unsafe MatrixOperand(part, kind: kind, rows: range.count, columns: columns)
    }
    return try unsafe MatrixOperand(
      part, kind: kind, rows: columns, columns: range.count, rowStride: rows, transposed: true)
  }

  /// Writes F32 values to consecutive elements, from the one numbered `element` on, in this
  /// matrix's type; it is in memory of its own.
  func set(_ source: UnsafeBufferPointer<Float>, element: Int) throws(KernelError) {
    let start = element * kind.byteWidth
    let end = start + source.count * kind.byteWidth
    guard case .owned(let buffer) = memory, start >= 0, end <= count * kind.byteWidth else {
      throw .outsideBlock(bytes: count * kind.byteWidth)
    }
    let all = unsafe buffer.bytes(count * kind.byteWidth)
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: all[start..<end])
    let from = UnsafeRawBufferPointer(source)
    guard kind != .f32 else {
      unsafe target.copyMemory(from: from)
      return
    }
    var halves = unsafe target.bindMemory(to: UInt16.self).mutableSpan
    try unsafe Narrowing.fromFloat32(from.bytes, to: kind, into: &halves)
  }

  /// Writes a row as F32; the matrix is not transposed.
  func row(_ row: Int, into target: UnsafeMutableBufferPointer<Float>) throws(KernelError) {
    let width = columns * kind.byteWidth
    let all = unsafe bytes
    guard !isTransposed, row >= 0, (row + 1) * width <= all.count else {
      throw .outsideBlock(bytes: all.count)
    }
    var floats = unsafe target.mutableSpan
    let line = unsafe UnsafeRawBufferPointer(rebasing: all[row * width..<(row + 1) * width])
    try unsafe Widening.toFloat32(line.bytes, kind: kind, into: &floats)
  }

  /// A copy in F32, in memory of its own.
  func duplicate() throws(KernelError) -> WeightMatrix {
    let made = WeightMatrix(rows, columns, kind: .f32)
    for row in 0..<rows {
      let target = unsafe UnsafeMutableBufferPointer(
        rebasing: made.floats[row * columns..<(row + 1) * columns])
      try unsafe self.row(row, into: target)
    }
    return made
  }

  /// Whether every element is the other's, as F32 and to the bit; neither is transposed.
  func isEqual(to other: WeightMatrix) throws(KernelError) -> Bool {
    guard rows == other.rows, columns == other.columns else { return false }
    if kind == other.kind {
      return unsafe ByteComparison.firstMismatch(bytes.bytes, other.bytes.bytes) == nil
    }
    var (one, two) = ([Float](repeating: 0, count: columns), [Float](repeating: 0, count: columns))
    for row in 0..<rows {
      try unsafe one.withUnsafeMutableBufferPointer { line throws(KernelError) in
        try unsafe self.row(row, into: line)
      }
      try unsafe two.withUnsafeMutableBufferPointer { line throws(KernelError) in
        try unsafe other.row(row, into: line)
      }
      guard zip(one, two).allSatisfy({ $0.bitPattern == $1.bitPattern }) else { return false }
    }
    return true
  }
}
