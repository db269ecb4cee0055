// Where a stored matrix lies, read by rows or by strips of columns.

internal import TieConvIO
internal import TieConvKernels

/// A matrix of whole-byte elements in a file.
struct StoredMatrix: Sendable {
  let source: any ByteSource
  let offset: Int
  let dtype: DType
  let rows: Int
  let columns: Int
  let rowBytes: Int

  /// The bytes of `rows`.
  func bytes(rows: Range<Int>) throws(IOFailure) -> [UInt8] {
    let start = offset + rows.lowerBound * rowBytes
    return try source.bytes(in: start..<start + rows.count * rowBytes)
  }

  /// The bytes of `columns` of every row, one row after another.
  func strip(columns: Range<Int>) throws(IOFailure) -> [UInt8] {
    let width = rowBytes / self.columns
    if columns.count == self.columns { return try bytes(rows: 0..<rows) }
    let run = columns.count * width
    let buffer = AlignedBuffer(count: rows * run)
    for row in 0..<rows {
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer.bytes(rows * run)[row * run..<(row + 1) * run])
      unsafe try source.read(
        into: part, at: offset + row * rowBytes + columns.lowerBound * width)
    }
    return unsafe [UInt8](buffer.bytes(rows * run))
  }
}

extension StoredMatrix {
  /// `bytes`, elements of this matrix, as F32. Exact: every kind here is narrower.
  func floats(_ bytes: [UInt8]) throws(IOFailure) -> [Float] {
    guard let kind = ElementKind(dtype), kind != .f64 else {
      throw IOFailure(
        "decode", source.path, reason: .unsupported,
        message: "\(dtype.rawValue) is no type for factors")
    }
    var values = [Float](repeating: 0, count: bytes.count / kind.byteWidth)
    try decoding(source.path) { () throws(KernelError) in
      var span = values.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &span)
    }
    return values
  }
}

/// `body`'s result; a block that does not fit becomes the error of a failed read. The extents are
/// checked when a matrix is opened, so this tells of a file that is not what it was.
func decoding<T>(
  _ path: String, _ body: () throws(KernelError) -> T
) throws(IOFailure) -> T {
  do { return try body() } catch {
    throw IOFailure("decode", path, reason: .damaged, message: "cannot decode: \(error)")
  }
}
