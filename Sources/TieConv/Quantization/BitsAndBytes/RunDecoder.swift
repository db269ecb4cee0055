// 4-bit codes of a flattened matrix, a factor for each run of elements whatever the rows are.

internal import TieConvIO
internal import TieConvKernels

/// Decodes bitsandbytes' 4-bit weights.
struct RunDecoder: RowDecoder {
  /// The factors, as stored.
  enum Factors: Sendable {
    case plain(StoredMatrix)
    /// Codes of `map`, themselves with a factor for each run, and an offset for all.
    case nested(StoredMatrix, outer: StoredMatrix, map: [Float], run: Int, offset: Float)
  }

  let source: any ByteSource
  let offset: Int
  let table: [Float]
  let rows: Int
  let columns: Int
  let run: Int
  let factors: Factors
  let result: DType

  var sources: [any ByteSource] {
    switch factors {
    case .plain(let matrix): [source, matrix.source]
    case .nested(let matrix, let outer, _, _, _): [source, matrix.source, outer.source]
    }
  }

  func values(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    guard !rows.isEmpty else { return [] }
    // From the start of a run, which is the start of a byte.
    let first = rows.lowerBound * columns / run
    let start = first * run
    let end = rows.upperBound * columns
    let bytes = try source.bytes(in: offset + start / 2..<offset + (end + 1) / 2)
    let factors = try factors(first..<(end - 1) / run + 1)
    var codes = [UInt8](repeating: 0, count: end - start)
    var values = [Float](repeating: 0, count: end - start)
    try decoding(source.path) { () throws(KernelError) in
      var unpacked = codes.mutableSpan
      unsafe try PackedKernels.best.unpack(bytes.span.bytes, .highNibbleFirst, into: &unpacked)
      var numbers = values.mutableSpan
      try PackedKernels.best.decode(codes.span, as: .table(table), into: &numbers)
      try PackedKernels.best.scale(&numbers, group: run, zeros: nil, factors: factors.span)
    }
    let skipped = rows.lowerBound * columns - start
    return skipped == 0 ? values : Array(values[skipped...])
  }

  /// The factors of `runs`.
  private func factors(_ runs: Range<Int>) throws(IOFailure) -> [Float] {
    switch factors {
    case .plain(let matrix): return try matrix.floats(try matrix.bytes(rows: runs))
    case .nested(let matrix, let outer, let map, let inner, let offset):
      let first = runs.lowerBound / inner
      let start = first * inner
      let codes = try matrix.bytes(rows: start..<runs.upperBound)
      let scales = try outer.floats(
        try outer.bytes(rows: first..<(runs.upperBound - 1) / inner + 1))
      var values = [Float](repeating: 0, count: codes.count)
      try decoding(source.path) { () throws(KernelError) in
        var span = values.mutableSpan
        try PackedKernels.best.decode(codes.span, as: .table(map), into: &span)
        try PackedKernels.best.scale(&span, group: inner, zeros: nil, factors: scales.span)
        try PackedKernels.best.add(&span, group: codes.count, terms: [offset].span)
      }
      return Array(values[(runs.lowerBound - start)...])
    }
  }
}
