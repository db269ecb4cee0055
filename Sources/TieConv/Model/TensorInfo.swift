// What a file's header says of one tensor.

/// Name, element type, shape and place of a stored tensor.
public struct TensorInfo: Sendable, Hashable {
  /// The name, as stored.
  public let name: String
  /// The element type.
  public let dtype: DType
  /// The shape.
  public let shape: Shape
  /// Where the bytes stand, counted from the start of the file's data section.
  public let dataOffsets: Range<Int>

  /// The size in bytes.
  public var byteCount: Int { dataOffsets.count }
  /// The number of elements.
  public var elementCount: Int { Int(clamping: shape.elementCount ?? .max) }
}
