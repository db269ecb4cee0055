// Matrices whose rows are packed one after another: most formats.

internal import TieConvIO
internal import TieConvKernels

/// Codes by rows; a factor, and perhaps a zero point or a term, for each group of columns.
struct RowPackedDecoder: RowDecoder {
  let codes: StoredMatrix
  let columns: Int
  let order: PackedKernels.Order
  let meaning: PackedKernels.Meaning
  let factors: FactorGrid
  /// Columns that one column of the grid serves.
  let group: Int
  var zeros: ZeroPoints?
  /// What is added after scaling, the product being rounded to the result's type before (MLX).
  var terms: FactorGrid?
  /// The group of each column, where groups are no runs.
  var index: GroupIndex?
  /// What the scaled numbers are multiplied by in the end (bitsandbytes int8); nil for nothing.
  var last: Float?
  let result: DType

  var rows: Int { codes.rows }

  var sources: [any ByteSource] {
    var sources = [codes.source, factors.matrix.source]
    if let terms { sources.append(terms.matrix.source) }
    switch zeros {
    case .grid(let grid)?: sources.append(grid.matrix.source)
    case .packedDown(let matrix, _)?: sources.append(matrix.source)
    case .constant?, nil: break
    }
    return sources
  }

  func values(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    guard !rows.isEmpty else { return [] }
    var values = try numbers(of: rows)
    let factors = try factors.values(of: rows)
    let zeros = try zeros.map { zeros throws(IOFailure) in
      try zeros.values(of: rows, groups: self.factors.groups)
    }
    try decoding(codes.source.path) { () throws(KernelError) in
      var all = values.mutableSpan
      for (place, row) in rows.enumerated() {
        var span = all._mutatingExtracting(place * columns..<(place + 1) * columns)
        let own = factors.all.span.extracting(factors.range(row))
        if let zeros {
          try scale(&span, zeros.all.span.extracting(zeros.range(row)), own)
        } else {
          try scale(&span, nil, own)
        }
        if let last {
          try PackedKernels.best.scale(
            &span, group: columns, zeros: nil, factors: [last].span)
        }
      }
    }
    guard let terms else { return values }
    values = try ResultRounding.through(values, result, path: codes.source.path)
    let added = try terms.values(of: rows)
    try decoding(codes.source.path) { () throws(KernelError) in
      var all = values.mutableSpan
      for (place, row) in rows.enumerated() {
        var span = all._mutatingExtracting(place * columns..<(place + 1) * columns)
        try PackedKernels.best.add(
          &span, group: group, terms: added.all.span.extracting(added.range(row)))
      }
    }
    return values
  }

  private func scale(
    _ values: inout MutableSpan<Float>, _ zeros: Span<Float>?, _ factors: Span<Float>
  ) throws(KernelError) {
    if let index {
      try PackedKernels.best.scale(
        &values, groups: index.groups.span, maximum: index.maximum, zeros: zeros,
        factors: factors)
    } else {
      try PackedKernels.best.scale(&values, group: group, zeros: zeros, factors: factors)
    }
  }

  /// The numbers that the codes stand for.
  private func numbers(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    let bytes = try codes.bytes(rows: rows)
    var values = [Float](repeating: 0, count: rows.count * columns)
    var row = [UInt8](repeating: 0, count: columns)
    let stride = codes.rowBytes
    try decoding(codes.source.path) { () throws(KernelError) in
      var all = values.mutableSpan
      for place in 0..<rows.count {
        var span = row.mutableSpan
        unsafe try PackedKernels.best.unpack(
          bytes.span.bytes.extracting(place * stride..<(place + 1) * stride), order, into: &span)
        var target = all._mutatingExtracting(place * columns..<(place + 1) * columns)
        try PackedKernels.best.decode(row.span, as: meaning, into: &target)
      }
    }
    return values
  }
}
