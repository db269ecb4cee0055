// How the inner dimension is cut. The cut decides where sums are rounded, so it depends on the
// depth alone.

struct DepthBlocks: Equatable, Sendable {
  /// A panel of 32 columns of this depth fills most of a first-level cache of 48 KiB.
  private static let most = 320

  let depth: Int
  /// The depth of every block but the last; a multiple of the depth step.
  let size: Int
  /// At least 1: a product over no depth is zero, which must be written too.
  let count: Int

  init(depth: Int) {
    self.depth = depth
    let blocks = max(1, (depth + Self.most - 1) / Self.most)
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
