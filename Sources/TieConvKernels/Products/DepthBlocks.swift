// How the inner dimension is cut. The cut decides where sums are rounded, so it depends on the
// depth alone.

struct DepthBlocks: Equatable, Sendable {
  /// Steps: a tile's panels of this depth are small beside a second-level cache, and its sums are
  /// stored once a block.
  private static let mostSteps = 320

  let depth: Int
  /// The depth of every block but the last; a multiple of the depth step.
  let size: Int
  /// At least 1: a product over no depth is zero, which must be written too.
  let count: Int

  init(depth: Int, step: Int) {
    self.depth = depth
    let most = Self.mostSteps * step
    let blocks = max(1, (depth + most - 1) / most)
    let even = (depth + blocks - 1) / blocks
    size = max(4, (even + 3) / 4 * 4)
    count = max(1, (depth + size - 1) / size)
  }

  /// The depths of one block.
  func range(_ block: Int) -> Range<Int> {
    let start = min(depth, block * size)
    return start..<min(depth, start + size)
  }
}
