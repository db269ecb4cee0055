// Is a head stored as d×V the transpose of an embedding stored as V×d?

internal import TieConvIO
internal import TieConvKernels

/// Compares an embedding with a transposed head, tile by tile.
struct TransposedComparer {
  let pair: MatrixPair
  let options: ExecutionOptions

  /// What one side of a tile may take. The head's part of a tile is read in runs of one row each:
  /// the more rows of the embedding a tile has, the longer the runs and the fewer the reads.
  private static let tileCount = 16 << 20

  /// A tile: all columns of some rows of the embedding would be best; a wide one is cut.
  private struct Tiling {
    let rows: Int
    let columns: Int
  }

  private struct Mismatch: Error {}

  /// Whether every element is equal, byte for byte. Stops at the first difference.
  func isEqual() throws(CheckpointError) -> Bool {
    guard let width = pair.embedding.dtype.byteWidth, pair.embedding.dtype == pair.head.dtype,
      [1, 2, 4, 8].contains(width)
    else { return false }
    let vocabulary = pair.rows.embedding
    let rows = min(vocabulary, max(1, min(8192, Self.tileCount / max(1, pair.columns * width))))
    let columns = max(1, min(pair.columns, Self.tileCount / (rows * width)))
    let acrossRows = (vocabulary + rows - 1) / rows
    let acrossColumns = (pair.columns + columns - 1) / columns
    let meter = ProgressMeter("comparing", total: vocabulary * pair.columns * width, options)
    do {
      try ParallelLoop.run(blocks: acrossRows * acrossColumns, threads: options.threads) {
        number, _ in
        let row = number / acrossColumns * rows
        let column = number % acrossColumns * columns
        let tile = (
          row..<min(row + rows, vocabulary), column..<min(column + columns, pair.columns)
        )
        guard try isEqual(rows: tile.0, columns: tile.1, width) else { throw Mismatch() }
        meter.advance(tile.0.count * tile.1.count * width)
      }
      return true
    } catch is Mismatch {
      return false
    } catch let failure as IOFailure {
      throw CheckpointError(failure)
    } catch {
      throw CheckpointError(.unreadable, "\(error)")
    }
  }

  private func isEqual(
    rows: Range<Int>, columns: Range<Int>, _ width: Int
  ) throws -> Bool {
    let one = AlignedBuffer(count: rows.count * columns.count * width)
    let other = AlignedBuffer(count: rows.count * columns.count * width)
    let left = unsafe one.bytes(one.count)
    let right = unsafe other.bytes(other.count)
    if columns.count == pair.columns {
      unsafe try pair.embedding.file.read(
        into: left, at: pair.embedding.offset + rows.lowerBound * pair.columns * width)
    } else {
      for (place, row) in rows.enumerated() {
        let run = columns.count * width
        let part = unsafe UnsafeMutableRawBufferPointer(
          rebasing: left[place * run..<(place + 1) * run])
        unsafe try pair.embedding.file.read(
          into: part,
          at: pair.embedding.offset + (row * pair.columns + columns.lowerBound) * width)
      }
    }
    for (place, column) in columns.enumerated() {
      try options.cancellation.check()
      let run = rows.count * width
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: right[place * run..<(place + 1) * run])
      unsafe try pair.head.file.read(
        into: part,
        at: pair.head.offset + (column * pair.rows.head + rows.lowerBound) * width)
    }
    let tile = try TileComparison(rows: rows.count, columns: columns.count, elementSize: width)
    return unsafe try tile.firstMismatch(
      left.bytes, strideA: columns.count * width, transposed: right.bytes,
      strideB: rows.count * width) == nil
  }
}
