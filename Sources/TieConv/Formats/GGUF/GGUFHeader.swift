// The header of a GGUF file, as values.
//
// Layout: "GGUF", u32 version, i64 tensors, i64 pairs, the pairs, the tensor infos, zeros up to a
// multiple of the alignment, data. Offsets count from the start of the data.

/// All that the header of a GGUF file says.
public struct GGUFHeader: Sendable {
  /// The first bytes of every file.
  static let magic: [UInt8] = Array("GGUF".utf8)
  /// The version that is written.
  public static let currentVersion: UInt32 = 3
  /// The alignment where `general.alignment` is not stated.
  public static let defaultAlignment = 32
  /// The greatest alignment that is accepted: more is not alignment but a bomb of zeros.
  public static let maximumAlignment = 1 << 20
  /// The key that states another alignment than the default.
  public static let alignmentKey = "general.alignment"

  /// The version of the format.
  public let version: UInt32
  /// The byte order of header and data.
  public let byteOrder: GGUFByteOrder
  /// The metadata.
  public let metadata: GGUFMetadata
  /// The tensors in the order of their bytes.
  public let tensors: [GGUFTensorInfo]
  /// What the data section and every tensor's offset are a multiple of.
  public let alignment: Int
  /// Where the data section starts within the file: the length of the header with its padding.
  public let dataStart: Int
  /// Where the metadata stands within the file.
  let pairs: Range<Int>
  /// Where those keys stand, with their values, that edits of tensors change or that say so.
  let marks: [String: Range<Int>]

  /// The size of the data section in bytes, padding included.
  public var dataCount: Int {
    tensors.last.map { Self.padded($0.offset + $0.byteCount, to: alignment) } ?? 0
  }

  /// `count` rounded up to a multiple of `alignment`; both were checked.
  static func padded(_ count: Int, to alignment: Int) -> Int {
    (count + alignment - 1) / alignment * alignment
  }
}
