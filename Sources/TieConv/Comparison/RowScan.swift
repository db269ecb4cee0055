// One pass over the common rows of a pair: which rows differ, and by how much.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Scans both sides in blocks of whole rows.
///
/// Rows that are equal are passed over at the speed of memory. Sums are taken over the others alone:
/// where one factor c ≠ 1 explains the head, an equal row is a row of zeros, which adds nothing.
struct RowScan {
  let pair: MatrixPair
  let options: ExecutionOptions

  /// What a pass over all blocks adds up to.
  struct Totals: Sendable {
    var differing = RowRanges()
    /// Sums over the differing rows; nil where an element type is not one to compute with.
    var statistics: PairStatistics? = PairStatistics()
    /// Whether the narrower side is the wider one rounded to nearest, in every row looked at.
    var isRounded = true

    /// Adds what a later block found.
    static func += (total: inout Totals, part: Totals) {
      total.differing.append(part.differing)
      if let sums = part.statistics { total.statistics? += sums } else { total.statistics = nil }
      total.isRounded = total.isRounded && part.isRounded
    }
  }

  /// What one worker takes on at a time, of the wider side.
  private static let blockCount = 8 << 20
  /// What one worker reads at a time where rows differ: both sides fit the second-level cache.
  private static let chunkCount = 256 << 10

  private var kinds: (ElementKind, ElementKind)? {
    guard let one = Self.kind(pair.embedding), let other = Self.kind(pair.head) else { return nil }
    return (one, other)
  }

  /// What the numbers are once they are read.
  private static func kind(_ side: MatrixPair.Side) -> ElementKind? {
    side.decoder?.kind ?? ElementKind(side.dtype)
  }

  private var isSameType: Bool { pair.isSameType }
  /// Whether rows of one type are told apart by their bytes: blocks are by their numbers.
  private var comparesBytes: Bool { isSameType && (!pair.isPacked || kinds == nil) }
  /// Bytes of a row in the file.
  private var storedRows: (one: Int, other: Int) {
    (pair.embedding.rowCount(pair.columns), pair.head.rowCount(pair.columns))
  }
  /// Bytes of a row once it is read.
  private var oneRow: Int { pair.embedding.decoder?.rowCount(pair.columns) ?? storedRows.one }
  private var otherRow: Int { pair.head.decoder?.rowCount(pair.columns) ?? storedRows.other }
  private var widerRow: Int { max(1, oneRow, otherRow) }
  private var rows: Int { min(pair.rows.embedding, pair.rows.head) }
  private var rowsPerChunk: Int { max(1, Self.chunkCount / widerRow) }

  /// Sums and differing rows over all common rows.
  func totals() throws(CheckpointError) -> Totals {
    let parts = try blocks { rows, buffers in
      var part = Totals()
      var place = rows.lowerBound
      var looksForward = true
      while place < rows.upperBound {
        if looksForward, isSameType {
          guard let next = try firstDifferingRow(place..<rows.upperBound) else { break }
          place = next
        }
        let chunk = place..<min(place + rowsPerChunk, rows.upperBound)
        let found = try examined(chunk, buffers)
        // Where every row differs, looking for the next equal one costs more than it saves.
        looksForward = found.differing.count < chunk.count
        part += found
        place = chunk.upperBound
      }
      return part
    }
    var totals = Totals()
    if kinds == nil { totals.statistics = nil }
    for part in parts { totals += part }
    return totals
  }

  /// Whether every element of the head is the factor times the embedding's.
  func holds(_ check: ScaleCheck) throws(CheckpointError) -> Bool {
    guard let kinds else { return false }
    return try blocks { rows, buffers in
      for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsPerChunk) {
        let chunk = start..<min(start + rowsPerChunk, rows.upperBound)
        let (one, other) = unsafe try read(chunk, buffers)
        let mismatch = unsafe try check.firstMismatch(
          embedding: one.bytes, kinds.0, head: other.bytes, kinds.1)
        if mismatch != nil { return false }
      }
      return true
    }.allSatisfy { $0 }
  }

  // MARK: Blocks

  /// Memory that one worker uses again and again.
  private struct Buffers: Sendable {
    let one: AlignedBuffer
    let other: AlignedBuffer
    /// Blocks that are to be decoded.
    let packed: AlignedBuffer
  }

  /// Runs `body` on every block of rows, and returns what it gave in the order of the blocks.
  private func blocks<Part: Sendable>(
    _ body: @Sendable (_ rows: Range<Int>, _ buffers: Buffers) throws -> Part
  ) throws(CheckpointError) -> [Part] {
    let perBlock = max(1, Self.blockCount / widerRow)
    let count = (rows + perBlock - 1) / perBlock
    let parts = Mutex<[Part?]>(Array(repeating: nil, count: count))
    let meter = ProgressMeter("comparing", total: rows * oneRow, options)
    let buffers = (0..<options.threads).map { _ in
      Buffers(
        one: AlignedBuffer(count: rowsPerChunk * oneRow),
        other: AlignedBuffer(count: rowsPerChunk * otherRow),
        packed: AlignedBuffer(count: rowsPerChunk * packedRow))
    }
    do {
      try ParallelLoop.run(blocks: count, threads: options.threads) { number, worker in
        let range = number * perBlock..<min(rows, (number + 1) * perBlock)
        let part = try body(range, buffers[worker])
        parts.withLock { $0[number] = part }
        meter.advance(range.count * oneRow)
      }
    } catch {
      throw CheckpointError(whileReading: error)
    }
    return parts.withLock { $0 }.compactMap { $0 }
  }

  /// Bytes of a packed row, of the wider side; 0 where no side needs room for one.
  private var packedRow: Int {
    max(
      pair.embedding.decoder?.isBlock == true ? storedRows.one : 0,
      pair.head.decoder?.isBlock == true ? storedRows.other : 0)
  }

  private func read(
    _ rows: Range<Int>, _ buffers: Buffers
  ) throws -> (one: UnsafeMutableRawBufferPointer, other: UnsafeMutableRawBufferPointer) {
    try options.cancellation.check()
    let one = unsafe buffers.one.bytes(rows.count * oneRow)
    let other = unsafe buffers.other.bytes(rows.count * otherRow)
    unsafe try read(pair.embedding, rows, storedRows.one, into: one, buffers)
    unsafe try read(pair.head, rows, storedRows.other, into: other, buffers)
    return unsafe (one, other)
  }

  private func read(
    _ side: MatrixPair.Side, _ rows: Range<Int>, _ row: Int,
    into target: UnsafeMutableRawBufferPointer, _ buffers: Buffers
  ) throws {
    let offset = side.offset + rows.lowerBound * row
    guard let decoder = side.decoder, decoder.isBlock else {
      unsafe try side.file.read(into: target, at: offset)
      if let decoder = side.decoder { unsafe decoder.swap(target) }
      return
    }
    let packed = unsafe buffers.packed.bytes(rows.count * row)
    unsafe try side.file.read(into: packed, at: offset)
    unsafe try decoder.decode(packed, into: target)
  }

  private static let comparison = unsafe MappedComparison(ByteComparison.function)

  private func firstDifferingRow(_ rows: Range<Int>) throws(IOFailure) -> Int? {
    try options.cancellation.check()
    let row = storedRows.one
    let start = rows.lowerBound * row
    return try Self.comparison.firstMismatch(
      pair.embedding.file, at: pair.embedding.offset + start, pair.head.file,
      at: pair.head.offset + start, count: rows.count * row
    ).map { rows.lowerBound + $0 / row }
  }

  /// Which of `rows` differ, with their sums.
  private func examined(_ rows: Range<Int>, _ buffers: Buffers) throws -> Totals {
    let (left, right) = unsafe try read(rows, buffers)
    let (one, other) = unsafe (left.bytes, right.bytes)
    var part = Totals()
    guard let kinds else {
      part.statistics = nil
      part.isRounded = false
      part.differing = try differingRows(rows, one, other, nil)
      return part
    }
    if !comparesBytes {
      let all = try PairStatistics(of: one, kinds.0, other, kinds.1)
      if all.bitsDiffer == 0 { return part }
      part.isRounded = try Rounding.holds(one, kinds.0, other, kinds.1)
    }
    part.differing = try differingRows(rows, one, other, kinds)
    var sums = PairStatistics()
    for run in part.differing.ranges {
      let places = run.lowerBound - rows.lowerBound..<run.upperBound - rows.lowerBound
      sums += try PairStatistics(
        of: one.extracting(places.lowerBound * oneRow..<places.upperBound * oneRow), kinds.0,
        other.extracting(places.lowerBound * otherRow..<places.upperBound * otherRow), kinds.1)
    }
    part.statistics = sums
    return part
  }

  private func differingRows(
    _ rows: Range<Int>, _ one: RawSpan, _ other: RawSpan, _ kinds: (ElementKind, ElementKind)?
  ) throws(KernelError) -> RowRanges {
    var differing = RowRanges()
    for (place, row) in rows.enumerated() {
      let left = one.extracting(place * oneRow..<(place + 1) * oneRow)
      let right = other.extracting(place * otherRow..<(place + 1) * otherRow)
      let differs: Bool
      if comparesBytes {
        differs = ByteComparison.firstMismatch(left, right) != nil
      } else if let kinds {
        let found = try PairStatistics(of: left, kinds.0, right, kinds.1)
        // Which NaN a scale without value gives is the machine's affair.
        differs =
          pair.isPacked
          ? found.valuesDiffer + found.nanAgainstNumber > 0 : found.bitsDiffer > 0
      } else {
        differs = true
      }
      if differs { differing.append(row) }
    }
    return differing
  }
}

/// Whether one block is another, rounded to a narrower type.
private enum Rounding {
  static func holds(
    _ one: RawSpan, _ kindOne: ElementKind, _ other: RawSpan, _ kindOther: ElementKind
  ) throws(KernelError) -> Bool {
    if kindOne == .f32 { return try isRounded(one, to: kindOther, other) }
    if kindOther == .f32 { return try isRounded(other, to: kindOne, one) }
    return false
  }

  private static func isRounded(
    _ wide: RawSpan, to kind: ElementKind, _ narrow: RawSpan
  ) throws(KernelError) -> Bool {
    guard kind == .bf16 || kind == .f16 else { return false }
    var rounded = [UInt16](repeating: 0, count: wide.byteCount / 4)
    var target = rounded.mutableSpan
    try Narrowing.fromFloat32(wide, to: kind, into: &target)
    return unsafe ByteComparison.firstMismatch(rounded.span.bytes, narrow) == nil
  }
}

extension ElementKind {
  /// The kernels' name for an element type; nil for types that they do not compute with.
  init?(_ dtype: DType) {
    switch dtype {
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .f32: self = .f32
    case .f64: self = .f64
    case .f8E4M3: self = .f8e4m3
    case .f8E5M2: self = .f8e5m2
    case .f8E4M3FNUZ: self = .f8e4m3fnuz
    case .f8E5M2FNUZ: self = .f8e5m2fnuz
    case .f8E8M0: self = .f8e8m0
    default: return nil
    }
  }
}
