// Where the panels of a packed factor lie: depth blocks one after another, in each the panels.

/// The layout of lines (rows of A or columns of B) packed over consecutive depth blocks.
struct PanelLayout: Sendable {
  let kernels: ProductKernels
  let depths: DepthBlocks
  /// The depth blocks that are packed.
  let blocks: Range<Int>
  let lines: Int
  /// Lines in a panel.
  let width: Int

  var panels: Int { (lines + width - 1) / width }

  /// The depth that a block takes in its panels.
  func paddedDepth(_ block: Int) -> Int {
    let step = kernels.precision.depthStep
    return (depths.range(block).count + step - 1) / step * step
  }

  /// Elements from panel to panel.
  func panelStride(_ block: Int) -> Int { paddedDepth(block) * width }

  // Only the last block of all may be shorter than the others.
  func offset(block: Int, panel: Int) -> Int {
    ((block - blocks.lowerBound) * depths.size * panels * width + panel * panelStride(block))
      * kernels.precision.elementSize
  }

  var byteCount: Int {
    guard let last = blocks.last else { return 0 }
    return offset(block: last, panel: panels)
  }

  func block(_ block: Int, panel: Int, in base: UnsafeRawPointer) -> PackedBlock {
    unsafe PackedBlock(
      start: base + offset(block: block, panel: panel), panelStride: panelStride(block))
  }

  /// Lines that one part packs at least, so that a part is worth its call.
  private var panelsPerPart: Int { max(1, 128 / width) }

  private var partsPerBlock: Int { (panels + panelsPerPart - 1) / panelsPerPart }

  /// The independent parts of the packing.
  var parts: Int { blocks.count * partsPerBlock }

  /// Packs one part of the lines from `firstLine` on of a factor, the left one or the right.
  func pack(
    part: Int, of factor: MatrixOperand, firstLine: Int, isRight: Bool,
    into base: UnsafeMutableRawPointer
  ) {
    let block = blocks.lowerBound + part / partsPerBlock
    let panel = part % partsPerBlock * panelsPerPart
    let line = panel * width
    let depth = depths.range(block)
    let (row, column) =
      isRight ? (depth.lowerBound, firstLine + line) : (firstLine + line, depth.lowerBound)
    let source = unsafe factor.lines(fromRow: row, column: column, alongColumns: isRight)
    unsafe kernels.pack(
      source, lines: min(lines - line, panelsPerPart * width), depth: depth.count, width: width,
      into: base + offset(block: block, panel: panel))
  }
}
