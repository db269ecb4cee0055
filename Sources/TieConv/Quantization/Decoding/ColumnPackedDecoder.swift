// Matrices that are stored as inputs × outputs: GPTQ and AWQ. What is presented is the transpose,
// outputs × inputs, as every other format stores a linear layer.

internal import TieConvIO
internal import TieConvKernels

/// Codes by columns of the stored matrix, with factors and zero points for each group of inputs.
struct ColumnPackedDecoder: RowDecoder {
  /// How the codes lie.
  enum Layout: Sendable {
    /// Inputs of one output are packed down its column of words, in a dense stream (GPTQ).
    case downColumns(bits: Int)
    /// Eight outputs of one input share a word (AWQ).
    case acrossColumns
  }

  /// The zero points: groups × packed outputs.
  struct Zeros: Sendable {
    let matrix: StoredMatrix
    let order: PackedKernels.Order
    /// What is added to a stored code, and what is then left of it.
    let added: UInt8
    let mask: UInt8
  }

  let codes: StoredMatrix
  let layout: Layout
  /// Groups × outputs.
  let scales: StoredMatrix
  let zeros: Zeros
  let rows: Int
  let columns: Int
  /// Inputs of a group, where groups are runs.
  let group: Int?
  let index: GroupIndex
  let result: DType

  var sources: [any ByteSource] { [codes.source, scales.source, zeros.matrix.source] }

  /// Outputs whose codes start together at a word, whatever the bits.
  private static let alignment = 32

  func values(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    guard !rows.isEmpty else { return [] }
    let start = rows.lowerBound / Self.alignment * Self.alignment
    let end = min(
      self.rows, (rows.upperBound + Self.alignment - 1) / Self.alignment * Self.alignment)
    let aligned = start..<end
    let unpacked = try unpackedCodes(rows, aligned)
    let factors = try factors(of: rows)
    let zeros = try zeroPoints(aligned)
    var values = [Float](repeating: 0, count: rows.count * columns)
    let groups = scales.rows
    try decoding(codes.source.path) { () throws(KernelError) in
      var all = values.mutableSpan
      for (place, row) in rows.enumerated() {
        var span = all._mutatingExtracting(place * columns..<(place + 1) * columns)
        try PackedKernels.best.decode(
          unpacked.span.extracting(place * columns..<(place + 1) * columns), as: .unsigned,
          into: &span)
        let own = factors.span.extracting(place * groups..<(place + 1) * groups)
        let from = (row - start) * groups
        let zero = zeros.span.extracting(from..<from + groups)
        if let group {
          try PackedKernels.best.scale(&span, group: group, zeros: zero, factors: own)
        } else {
          try PackedKernels.best.scale(
            &span, groups: index.groups.span, maximum: index.maximum, zeros: zero, factors: own)
        }
      }
    }
    return values
  }

  /// The codes of `rows`, output by output.
  private func unpackedCodes(
    _ rows: Range<Int>, _ aligned: Range<Int>
  ) throws(IOFailure) -> [UInt8] {
    let path = codes.source.path
    switch layout {
    case .downColumns(let bits):
      let strip = try codes.strip(columns: rows)
      let words = try Transposition.transposed(
        strip, rows: codes.rows, columns: rows.count, width: 4, path: path)
      return try unpacked(words, rows.count, codes.rows * 4, .stream(bits: bits), columns)
    case .acrossColumns:
      let strip = try codes.strip(columns: aligned.lowerBound / 8..<aligned.upperBound / 8)
      let byInput = try unpacked(
        strip, codes.rows, aligned.count / 2, .interleaved, aligned.count)
      let byOutput = try Transposition.transposed(
        byInput, rows: columns, columns: aligned.count, width: 1, path: path)
      let skipped = (rows.lowerBound - aligned.lowerBound) * columns
      return Array(byOutput[skipped..<skipped + rows.count * columns])
    }
  }

  /// The zero points of `rows`, which start at a word: output by output.
  private func zeroPoints(_ rows: Range<Int>) throws(IOFailure) -> [Float] {
    let each = zeros.matrix.columns
    let words = rows.lowerBound * each / self.rows..<rows.upperBound * each / self.rows
    let strip = try zeros.matrix.strip(columns: words)
    let stored = try unpacked(
      strip, zeros.matrix.rows, words.count * 4, zeros.order, rows.count)
    var values = [Float](repeating: 0, count: stored.count)
    let groups = zeros.matrix.rows
    for group in 0..<groups {
      for row in 0..<rows.count {
        values[row * groups + group] =
          Float((stored[group * rows.count + row] &+ zeros.added) & zeros.mask)
      }
    }
    return values
  }

  /// The factors of `rows`: output by output.
  private func factors(of rows: Range<Int>) throws(IOFailure) -> [Float] {
    let stored = try scales.floats(try scales.strip(columns: rows))
    let groups = scales.rows
    var values = [Float](repeating: 0, count: stored.count)
    for group in 0..<groups {
      for row in 0..<rows.count { values[row * groups + group] = stored[group * rows.count + row] }
    }
    return values
  }

  /// `lines` lines of `stride` bytes, `count` codes each.
  private func unpacked(
    _ bytes: [UInt8], _ lines: Int, _ stride: Int, _ order: PackedKernels.Order, _ count: Int
  ) throws(IOFailure) -> [UInt8] {
    var unpacked = [UInt8](repeating: 0, count: lines * count)
    try decoding(codes.source.path) { () throws(KernelError) in
      var all = unpacked.mutableSpan
      for line in 0..<lines {
        var span = all._mutatingExtracting(line * count..<(line + 1) * count)
        unsafe try PackedKernels.best.unpack(
          bytes.span.bytes.extracting(line * stride..<(line + 1) * stride), order, into: &span)
      }
    }
    return unpacked
  }
}
