// What a packed layout must be able to do: give the numbers of any rows.

internal import TieConvIO
internal import TieConvKernels

/// Decodes rows of one packed matrix. Reads what it needs, keeps nothing, and may be asked from
/// several threads at once.
protocol RowDecoder: Sendable {
  var rows: Int { get }
  var columns: Int { get }
  /// The type in which the reference implementation gives the numbers.
  var result: DType { get }
  /// The files that are read.
  var sources: [any ByteSource] { get }

  /// The numbers of `rows`, row by row, before they are rounded to the result's type.
  func values(of rows: Range<Int>) throws(IOFailure) -> [Float]
}

/// Rounding to a result's type, as the reference implementations round: to nearest, ties to even.
enum ResultRounding {
  /// The bit patterns of `values` in `dtype`, BF16 or F16.
  static func patterns(
    _ values: [Float], _ dtype: DType, path: String
  ) throws(IOFailure) -> [UInt16] {
    var patterns = [UInt16](repeating: 0, count: values.count)
    try decoding(path) { () throws(KernelError) in
      var span = patterns.mutableSpan
      unsafe try Narrowing.fromFloat32(
        values.span.bytes, to: dtype == .f16 ? .f16 : .bf16, into: &span)
    }
    return patterns
  }

  /// `values` as F32 after a stop in `dtype`.
  static func through(
    _ values: [Float], _ dtype: DType, path: String
  ) throws(IOFailure) -> [Float] {
    guard dtype != .f32 else { return values }
    let patterns = try patterns(values, dtype, path: path)
    var widened = [Float](repeating: 0, count: values.count)
    try decoding(path) { () throws(KernelError) in
      var span = widened.mutableSpan
      unsafe try Widening.toFloat32(
        patterns.span.bytes, kind: dtype == .f16 ? .f16 : .bf16, into: &span)
    }
    return widened
  }
}
