// From metadata and tensors to the bytes of a header, with every tensor's place worked out.

/// Writes the header of a new GGUF file.
///
/// ```swift
/// let header = try GGUFHeaderWriter(metadata: metadata, tensors: tensors).header()
/// // header.bytes, then each tensor's bytes and zeros up to the next one's offset
/// ```
public struct GGUFHeaderWriter: Sendable {
  /// A tensor that is to be stored.
  public struct Tensor: Sendable, Hashable {
    /// The name, of at most 63 bytes.
    public let name: String
    /// The extents, fastest first.
    public let extents: [UInt64]
    /// How the values are stored.
    public let type: GGMLType

    /// A tensor of these extents, fastest first.
    public init(name: String, extents: [UInt64], type: GGMLType) {
      self.name = name
      self.extents = extents
      self.type = type
    }

    /// A tensor of this shape, slowest dimension first.
    public init(name: String, shape: Shape, type: GGMLType) {
      self.init(name: name, extents: shape.dimensions.reversed(), type: type)
    }
  }

  /// A header and what it describes.
  public struct Result: Sendable {
    /// The header's bytes, padded: the data section follows.
    public let bytes: [UInt8]
    /// The tensors with their offsets in the data section.
    public let tensors: [GGUFTensorInfo]
    /// The size of the data section in bytes, the padding after the last tensor included.
    public let dataCount: Int
  }

  private let metadata: GGUFMetadata
  private let tensors: [Tensor]
  private let version: UInt32
  private let order: GGUFByteOrder

  /// A writer of `tensors`, stored in this order, and `metadata`; `general.alignment` is obeyed.
  public init(metadata: GGUFMetadata, tensors: [Tensor]) {
    self.init(
      metadata: metadata, tensors: tensors, version: GGUFHeader.currentVersion, order: .little)
  }

  init(metadata: GGUFMetadata, tensors: [Tensor], version: UInt32, order: GGUFByteOrder) {
    self.metadata = metadata
    self.tensors = tensors
    self.version = version
    self.order = order
  }

  /// The header.
  ///
  /// - Throws: `CheckpointError` where a reader would refuse it: what a name, an extent, a type or
  ///   the alignment breaks.
  public func header() throws(CheckpointError) -> Result {
    do throws(GGUFError) {
      let alignment = try GGUFRules.alignment(metadata)
      let placed = try placed(alignment)
      var encoder = GGUFEncoder(order: order)
      encoder.append(bytes: GGUFHeader.magic)
      encoder.append(version)
      encoder.append(Int64(tensors.count))
      encoder.append(Int64(metadata.count))
      for entry in metadata.entries {
        guard !entry.key.isEmpty else { throw GGUFError.emptyKey(offset: encoder.bytes.count) }
        encoder.append(key: entry.key, entry.value)
      }
      for tensor in placed { encoder.append(tensor) }
      encoder.pad(to: alignment)
      let end = placed.last.map { GGUFHeader.padded($0.offset + $0.byteCount, to: alignment) }
      return Result(bytes: encoder.bytes, tensors: placed, dataCount: end ?? 0)
    } catch {
      throw error.checkpointError(file: nil)
    }
  }

  private func placed(_ alignment: Int) throws(GGUFError) -> [GGUFTensorInfo] {
    var placed: [GGUFTensorInfo] = []
    placed.reserveCapacity(tensors.count)
    var names: Set<String> = []
    var place = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw .duplicateTensor(tensor.name, offset: nil)
      }
      let size = try GGUFRules.byteCount(tensor.name, tensor.extents, tensor.type)
      placed.append(
        GGUFTensorInfo(
          name: tensor.name, extents: tensor.extents, type: tensor.type, offset: place,
          byteCount: size))
      place = try GGUFRules.end(of: tensor.name, at: place, size, alignment)
    }
    return placed
  }
}
