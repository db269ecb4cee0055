// What the faces refuse before a kernel runs.

/// A block that does not fit what was asked of it.
package enum KernelError: Error, Equatable, Sendable {
  /// The byte count is not a multiple of the element width.
  case partialElement(bytes: Int, width: Int)
  /// Two blocks of one comparison, or a source and its target, hold different element counts.
  case unequalCounts(Int, Int)
  /// The bytes do not hold the rows, columns and stride that were stated.
  case outsideBlock(bytes: Int)
  /// No such conversion: F64 does not widen to F32.
  case noConversion(ElementKind)
  /// No decoder for this block type of ggml.
  case noDecoder(type: UInt32)
  /// An element size other than 1, 2, 4 or 8.
  case elementSize(Int)
  /// A factor of a kind that products do not take.
  case noProduct(ElementKind)
  /// Factors whose inner dimensions differ, or a target of another size than theirs.
  case unequalExtents(Int, Int)
}
