// What the comparison of an embedding and a head finds.

/// How two stored matrices relate to each other, byte by byte and number by number.
public struct MatrixComparison: Sendable, Equatable {
  /// Whether the head is stored like the embedding, or as its transpose.
  public enum Orientation: String, Sendable { case same, transposed }

  /// What makes two matrices of different dtypes, or spellings, the same numbers.
  public enum Cast: Sendable, Equatable {
    /// Every number is the same; the dtypes differ and the cast to the wider loses nothing.
    case exact(DType)
    /// One side is the other rounded to its dtype.
    case rounded(DType)
    /// Numbers are equal, bits are not: −0.0 against 0.0, or NaNs with other payloads.
    case sameNumbers
    /// Numbers are equal once what is packed in blocks is dequantized.
    case dequantized
  }

  /// How the head lies.
  public let orientation: Orientation
  /// Rows of the embedding and of the head, as V of V×d.
  public let rows: (embedding: Int, head: Int)
  /// Whether all of both is equal, byte for byte.
  public let isEqual: Bool
  /// Rows, of those that both have, whose bytes (or numbers, where the dtypes differ) differ.
  public let differingRows: RowRanges
  /// The greatest difference of two numbers in the common rows; nil where they are not compared
  /// as numbers. Infinite where NaN or infinity stands against a number.
  public let maxAbsDiff: Double?
  /// The one factor c ≠ 1 with W = c·E within the rounding of the dtypes; nil where there is none.
  public let scale: Double?
  /// What makes the two the same numbers though their bytes differ.
  public let cast: Cast?
  /// ‖W − E‖ ÷ ‖E‖ over the rows that differ, where a side is packed in blocks; nil elsewhere.
  public var relativeDifference: Double?
  /// Whether at least one side is packed, and what is compared are the numbers that it stands for.
  public internal(set) var isDequantized = false

  /// Rows that both have.
  public var commonRows: Int { min(rows.embedding, rows.head) }

  /// The share of the common rows that is equal.
  public var equalShare: Double {
    commonRows == 0 ? 0 : 1 - Double(differingRows.count) / Double(commonRows)
  }

  /// Whether both found the same.
  public static func == (one: Self, other: Self) -> Bool {
    one.orientation == other.orientation && one.rows == other.rows && one.isEqual == other.isEqual
      && one.differingRows == other.differingRows && one.maxAbsDiff == other.maxAbsDiff
      && one.scale == other.scale && one.cast == other.cast
      && one.relativeDifference == other.relativeDifference
      && one.isDequantized == other.isDequantized
  }
}
