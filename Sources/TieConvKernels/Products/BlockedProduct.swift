// The walk over a product's blocks: chunks of both factors are packed in parallel, then tiles of
// the target are multiplied in parallel. Every tile sees its depth blocks in order.

internal import CTieConvKernels

@safe struct BlockedProduct: Sendable {
  enum Right: Sendable {
    case stored(MatrixOperand)
    case packed(PackedMatrix)
  }

  // Packed chunks stay in a third-level cache: at most 1024 × 2240 words of A and
  // 2048 × 2240 of B.
  private static let chunkRows = 1024
  private static let chunkColumns = 2048
  private static let chunkBlocks = 7

  let left: MatrixOperand
  let right: Right
  let target: ProductTarget
  let kernels: ProductKernels

  private var depths: DepthBlocks {
    DepthBlocks(depth: left.columns, step: kernels.precision.depthStep)
  }

  func run(on pool: ThreadPool) {
    guard target.rows > 0, target.columns > 0 else { return }
    let rowChunks = Self.ranges(target.rows, Self.chunkRows / kernels.rowWidth * kernels.rowWidth)
    let columnChunks = Self.ranges(
      target.columns, Self.chunkColumns / kernels.columnWidth * kernels.columnWidth)
    let blockChunks = Self.ranges(depths.count, Self.chunkBlocks)
    let leftBytes = layout(rowChunks[0].count, blockChunks[0], kernels.rowWidth).byteCount
    let rightBytes = layout(columnChunks[0].count, blockChunks[0], kernels.columnWidth).byteCount
    let leftSpace = (leftBytes + 63) / 64 * 64
    unsafe pool.scratch.withBytes(leftSpace + (isPacked ? 0 : rightBytes)) { scratch in
      guard let base = unsafe Base(scratch.baseAddress),
        let second = unsafe Base(base.address + leftSpace)
      else { return }
      for blocks in blockChunks {
        for columns in columnChunks {
          for rows in rowChunks {
            let chunk = Chunk(
              rows: rows, columns: columns, blocks: blocks, left: base, right: second,
              packsLeft: rowChunks.count > 1 || columns.lowerBound == 0,
              packsRight: !isPacked && rows.lowerBound == 0)
            run(chunk, on: pool)
          }
        }
      }
    }
  }

  private var isPacked: Bool { if case .packed = right { true } else { false } }

  /// One chunk of the target over one chunk of depth.
  private struct Chunk: Sendable {
    let rows: Range<Int>
    let columns: Range<Int>
    let blocks: Range<Int>
    let left: Base
    let right: Base
    let packsLeft: Bool
    let packsRight: Bool
  }

  private func layout(_ lines: Int, _ blocks: Range<Int>, _ width: Int) -> PanelLayout {
    PanelLayout(kernels: kernels, depths: depths, blocks: blocks, lines: lines, width: width)
  }

  private func run(_ chunk: Chunk, on pool: ThreadPool) {
    let rows = layout(chunk.rows.count, chunk.blocks, kernels.rowWidth)
    let columns = layout(chunk.columns.count, chunk.blocks, kernels.columnWidth)
    let leftParts = chunk.packsLeft ? rows.parts : 0
    let rightParts = chunk.packsRight ? columns.parts : 0
    pool.run(parts: leftParts + rightParts) { part in
      if part < leftParts {
        unsafe rows.pack(
          part: part, of: left, firstLine: chunk.rows.lowerBound, isRight: false,
          into: chunk.left.address)
      } else if case .stored(let matrix) = right {
        unsafe columns.pack(
          part: part - leftParts, of: matrix, firstLine: chunk.columns.lowerBound, isRight: true,
          into: chunk.right.address)
      }
    }
    let tiles = TileGrid(
      rows: chunk.rows.count, columns: chunk.columns.count, rowStep: kernels.rowWidth,
      columnStep: kernels.columnWidth)
    pool.run(parts: tiles.count) { part in
      multiply(tiles[part], of: chunk, rows, columns)
    }
  }

  private func multiply(
    _ tile: TileGrid.Tile, of chunk: Chunk, _ rows: PanelLayout, _ columns: PanelLayout
  ) {
    for block in chunk.blocks {
      let a = unsafe rows.block(
        block, panel: tile.rows.lowerBound / rows.width, in: UnsafeRawPointer(chunk.left.address))
      let b: PackedBlock
      switch right {
      case .stored:
        b = unsafe columns.block(
          block, panel: tile.columns.lowerBound / columns.width,
          in: UnsafeRawPointer(chunk.right.address))
      case .packed(let matrix):
        guard let base = unsafe matrix.storage.baseAddress else { return }
        let first = chunk.columns.lowerBound + tile.columns.lowerBound
        b = unsafe matrix.layout.block(
          block, panel: first / columns.width, in: UnsafeRawPointer(base))
      }
      let part = unsafe target.tile(
        rows: Self.shifted(tile.rows, by: chunk.rows.lowerBound),
        columns: Self.shifted(tile.columns, by: chunk.columns.lowerBound),
        isFirst: block == 0, isLast: block == depths.count - 1)
      unsafe kernels.multiply(a, b, depth: depths.range(block).count, into: part)
    }
  }

  private static func shifted(_ range: Range<Int>, by offset: Int) -> Range<Int> {
    (range.lowerBound + offset)..<(range.upperBound + offset)
  }

  private static func ranges(_ count: Int, _ step: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: max(1, step)).map { $0..<min(count, $0 + max(1, step)) }
  }
}
