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
