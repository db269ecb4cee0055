// Is a head stored as d×V the transpose of an embedding stored as V×d?

internal import TieConvIO
internal import TieConvKernels

/// Compares an embedding with a transposed head, tile by tile.
struct TransposedComparer {
  let pair: MatrixPair
  let options: ExecutionOptions

  /// What a strip of the embedding's rows may take: it is read once and kept while the head's rows
  /// go by. The more rows it has, the longer are the runs in which the head is read.
  private static let stripCount = 16 << 20
  /// What the head's part of a tile may take: half of a usual second-level cache.
  private static let tileCount = 512 << 10

  private struct Mismatch: Error {}

  /// Whether every element is equal, byte for byte. Stops at the first difference.
  func isEqual() throws(CheckpointError) -> Bool {
    guard let width = pair.embedding.dtype.byteWidth, pair.embedding.dtype == pair.head.dtype,
      [1, 2, 4, 8].contains(width)
    else { return false }
    let vocabulary = pair.rows.embedding
    let row = max(1, pair.columns * width)
    let perStrip = min(vocabulary, max(1, min(16 << 10, Self.stripCount / row)))
    let strips = (vocabulary + perStrip - 1) / max(1, perStrip)
    let meter = ProgressMeter("comparing", total: vocabulary * row, options)
    let buffers = (0..<options.threads).map { _ in
      WorkerBuffers(strip: perStrip * row, tile: max(Self.tileCount, perStrip * width))
    }
    do {
      try ParallelLoop.run(blocks: strips, threads: options.threads) { number, worker in
        let rows = number * perStrip..<min((number + 1) * perStrip, vocabulary)
        guard try isEqual(rows, width, buffers[worker]) else { throw Mismatch() }
        meter.advance(rows.count * row)
      }
      return true
    } catch is Mismatch {
      return false
    } catch {
      throw CheckpointError(whileReading: error)
    }
  }

  /// Memory that a worker uses again for each strip; fresh pages would cost more than the reading.
  private final class WorkerBuffers: Sendable {
    let strip: AlignedBuffer
    let tile: AlignedBuffer

    init(strip: Int, tile: Int) {
      self.strip = AlignedBuffer(count: strip)
      self.tile = AlignedBuffer(count: tile)
    }
  }

  private func isEqual(
    _ rows: Range<Int>, _ width: Int, _ buffers: WorkerBuffers
  ) throws -> Bool {
    let row = pair.columns * width
    let strip = unsafe buffers.strip.bytes(rows.count * row)
    unsafe try pair.embedding.file.read(
      into: strip, at: pair.embedding.offset + rows.lowerBound * row)
    let run = rows.count * width
    let perTile = max(1, buffers.tile.count / run)
    for start in stride(from: 0, to: pair.columns, by: perTile) {
      try options.cancellation.check()
      let count = min(perTile, pair.columns - start)
      for place in 0..<count {
        let part = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffers.tile.bytes(buffers.tile.count)[place * run..<(place + 1) * run])
        unsafe try pair.head.file.read(
          into: part,
          at: pair.head.offset + ((start + place) * pair.rows.head + rows.lowerBound) * width)
      }
      let tile = try TileComparison(rows: rows.count, columns: count, elementSize: width)
      let left = unsafe UnsafeRawBufferPointer(
        rebasing: UnsafeRawBufferPointer(strip)[(start * width)...])
      let mismatch = unsafe try tile.firstMismatch(
        left.bytes, strideA: row, transposed: buffers.tile.bytes(count * run).bytes, strideB: run)
      if mismatch != nil { return false }
    }
    return true
  }
}
