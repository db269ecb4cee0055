// What a GGUF header says of one tensor.

/// Name, extents, type and place of a tensor.
public struct GGUFTensorInfo: Sendable, Hashable {
  /// The longest name in bytes that ggml holds.
  public static let maximumNameLength = 63
  /// The most dimensions that ggml holds.
  public static let maximumRank = 4

  /// The name, as stored.
  public let name: String
  /// The extents, fastest first as ggml counts them: `ne[0]` values lie side by side.
  public let extents: [UInt64]
  /// How the values are stored.
  public let type: GGMLType
  /// Where the first byte stands, counted from the start of the data section.
  public let offset: Int
  /// The size in bytes, without the padding after it.
  public let byteCount: Int

  /// The shape, slowest dimension first: the reverse of ``extents``.
  public var shape: Shape { Shape(extents.reversed()) }
}

extension GGMLType {
  /// The same type among all element types.
  public var dtype: DType { DType(rawValue: name) ?? .u8 }

  /// The type of ggml that stores `dtype`; nil where ggml has none.
  public init?(_ dtype: DType) {
    guard let type = GGMLType(name: dtype.rawValue) else { return nil }
    self = type
  }
}

extension TensorInfo {
  /// A GGUF tensor as any other.
  init(_ tensor: GGUFTensorInfo) {
    self.init(
      name: tensor.name, dtype: tensor.type.dtype, shape: tensor.shape,
      dataOffsets: tensor.offset..<tensor.offset + tensor.byteCount)
  }
}
