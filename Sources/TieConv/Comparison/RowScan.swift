// One pass over the common rows of a pair, block by block.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Reads both sides in blocks of whole rows.
struct RowScan {
  let pair: MatrixPair
  let options: ExecutionOptions

  /// What a pass over all blocks adds up to.
  struct Totals: Sendable {
    var differing = RowRanges()
    /// Sums over all common rows; nil where an element type is not a number to compute with.
    var statistics: PairStatistics?
    /// Whether the narrower side is the wider one rounded to nearest, everywhere.
    var isRounded = true
  }

  private static let readCount = 256 << 10

  private var kinds: (ElementKind, ElementKind)? {
    guard let one = ElementKind(pair.embedding.dtype), let other = ElementKind(pair.head.dtype)
    else { return nil }
    return (one, other)
  }

  private var oneRow: Int { pair.columns * (pair.embedding.dtype.byteWidth ?? 1) }
  private var otherRow: Int { pair.columns * (pair.head.dtype.byteWidth ?? 1) }

  /// Runs `body` on every block of rows, and returns what it gave in the order of the blocks.
  private func blocks<Part: Sendable>(
    _ body: @Sendable (_ rows: Range<Int>, _ one: RawSpan, _ other: RawSpan) throws -> Part
  ) throws(CheckpointError) -> [Part] {
    let rows = min(pair.rows.embedding, pair.rows.head)
    let perBlock = max(1, Self.readCount / max(1, max(oneRow, otherRow)))
    let count = (rows + perBlock - 1) / perBlock
    let parts = Mutex<[Part?]>(Array(repeating: nil, count: count))
    let meter = ProgressMeter("comparing", total: rows * oneRow, options)
    do {
      try ParallelLoop.run(blocks: count, threads: options.threads) { number, _ in
        try options.cancellation.check()
        let range = number * perBlock..<min(rows, (number + 1) * perBlock)
        let one = AlignedBuffer(count: range.count * oneRow)
        let other = AlignedBuffer(count: range.count * otherRow)
        let left = unsafe one.bytes(one.count)
        let right = unsafe other.bytes(other.count)
        unsafe try pair.embedding.file.read(
          into: left, at: pair.embedding.offset + range.lowerBound * oneRow)
        unsafe try pair.head.file.read(
          into: right, at: pair.head.offset + range.lowerBound * otherRow)
        let part = unsafe try body(range, left.bytes, right.bytes)
        parts.withLock { $0[number] = part }
        meter.advance(left.count)
      }
    } catch let failure as IOFailure {
      throw CheckpointError(failure)
    } catch {
      throw CheckpointError(.unreadable, "\(error)")
    }
    return parts.withLock { $0 }.compactMap { $0 }
  }

  /// Sums and differing rows over all common rows.
  func totals() throws(CheckpointError) -> Totals {
    let kinds = kinds
    let isSameType = pair.embedding.dtype == pair.head.dtype
    let parts = try blocks { rows, one, other in
      var part = Totals()
      if let kinds {
        part.statistics = try PairStatistics(of: one, kinds.0, other, kinds.1)
        part.isRounded = try isSameType || Rounding.holds(one, kinds.0, other, kinds.1)
      } else {
        part.isRounded = false
      }
      for (place, row) in rows.enumerated() {
        let left = one.extracting(place * oneRow..<(place + 1) * oneRow)
        let right = other.extracting(place * otherRow..<(place + 1) * otherRow)
        let differs: Bool
        if isSameType {
          differs = ByteComparison.firstMismatch(left, right) != nil
        } else if let kinds {
          differs = try PairStatistics(of: left, kinds.0, right, kinds.1).bitsDiffer > 0
        } else {
          differs = true
        }
        if differs { part.differing.append(row) }
      }
      return part
    }
    var totals = Totals()
    totals.statistics = kinds == nil ? nil : PairStatistics()
    for part in parts {
      totals.differing.append(part.differing)
      if let sums = part.statistics { totals.statistics? += sums }
      totals.isRounded = totals.isRounded && part.isRounded
    }
    return totals
  }

  /// Whether every element of the head is the factor times the embedding's.
  func holds(_ check: ScaleCheck) throws(CheckpointError) -> Bool {
    guard let kinds else { return false }
    return try blocks { _, one, other in
      try check.firstMismatch(embedding: one, kinds.0, head: other, kinds.1) == nil
    }.allSatisfy { $0 }
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
