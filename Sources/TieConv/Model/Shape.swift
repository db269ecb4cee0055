// The extents of a tensor, with the products that a file may not be trusted to keep in range.

/// The extents of a tensor, slowest dimension first.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// The extents; empty for a single number.
  public let dimensions: [UInt64]

  /// A shape of these extents.
  public init(_ dimensions: [UInt64]) { self.dimensions = dimensions }

  /// The number of elements; nil where it is beyond 64 bits.
  ///
  /// As in the reference reader, the product is taken from left to right: an overflow before a
  /// zero extent is still an overflow.
  public var elementCount: UInt64? {
    var count: UInt64 = 1
    for dimension in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// The number of dimensions.
  public var rank: Int { dimensions.count }

  /// The extents of a matrix; nil for any other rank, or extents beyond `Int`.
  public var matrix: (rows: Int, columns: Int)? {
    guard dimensions.count == 2, let rows = Int(exactly: dimensions[0]),
      let columns = Int(exactly: dimensions[1])
    else { return nil }
    return (rows, columns)
  }

  /// The extents in brackets: `[1024, 96]`.
  public var description: String {
    "[" + dimensions.map(String.init).joined(separator: ", ") + "]"
  }
}
