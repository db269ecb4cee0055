// Texts that are token ids already: NumPy's .npy, and bare little-endian numbers.

public import TieConv
internal import TieConvIO

/// A file of token ids.
public struct TokenFile: Sendable, Equatable {
  /// How a file spells ids.
  public enum Spelling: String, Sendable, CaseIterable {
    /// A one-dimensional NumPy array of uint16, uint32, int32 or int64.
    case npy
    /// Bare little-endian numbers of two bytes, or of four.
    case uint16, uint32

    /// What a bare file is by custom: two bytes an id where every id fits, else four.
    public static func bare(vocabularySize: Int) -> Spelling {
      vocabularySize <= 1 << 16 ? .uint16 : .uint32
    }
  }

  /// The largest file that is read, in bytes.
  private static let maximumSize = 16 << 30

  /// The ids, in order.
  public let ids: [Int32]

  /// Reads `path`: as a NumPy array where it starts like one, else as bare numbers.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - vocabularySize: every id must be below it.
  ///   - spelling: how a bare file spells ids; nil for the custom, which is by vocabulary size.
  /// - Throws: `invalidTokens` where the file breaks its format, or an id is not in the vocabulary.
  public init(
    path: String, vocabularySize: Int, spelling: Spelling? = nil
  ) throws(CheckpointError) {
    let bytes: [UInt8]
    do throws(IOFailure) {
      let file = try InputFile(path)
      guard file.size <= Self.maximumSize else {
        throw IOFailure("read", path, reason: .other, message: "more than 16 GiB of token ids")
      }
      bytes = try file.bytes(in: 0..<file.size)
    } catch {
      throw CheckpointError(error)
    }
    try self.init(bytes, vocabularySize: vocabularySize, spelling: spelling, file: path)
  }

  /// Reads the contents of a file; see ``init(path:vocabularySize:spelling:)``.
  public init(
    _ bytes: [UInt8], vocabularySize: Int, spelling: Spelling? = nil, file: String = "tokens"
  ) throws(CheckpointError) {
    let isArray = bytes.starts(with: NumPyHeader.magic)
    guard spelling != .npy || isArray else {
      throw CheckpointError(.invalidTokens, file: file, "not a NumPy array")
    }
    var kind: NumPyHeader.Element
    var start = 0
    if isArray, spelling == nil || spelling == .npy {
      do throws(NumPyError) {
        let header = try NumPyHeader(bytes)
        kind = header.element
        start = header.dataStart
      } catch {
        throw CheckpointError(.invalidTokens, file: file, offset: error.offset, error.message)
      }
    } else {
      kind = spelling ?? .bare(vocabularySize: vocabularySize) == .uint16 ? .uint16 : .uint32
      guard bytes.count % kind.width == 0 else {
        throw CheckpointError(
          .invalidTokens, file: file, "not a whole number of ids", found: "\(bytes.count) bytes",
          expected: "a multiple of \(kind.width)")
      }
    }
    var ids: [Int32] = []
    ids.reserveCapacity((bytes.count - start) / kind.width)
    for place in stride(from: start, to: bytes.count, by: kind.width) {
      var bits: UInt64 = 0
      for byte in (0..<kind.width).reversed() { bits = bits << 8 | UInt64(bytes[place + byte]) }
      // A negative id has high bits set, and so is beyond any vocabulary.
      guard bits < UInt64(max(0, vocabularySize)), let id = Int32(exactly: bits) else {
        throw CheckpointError(
          .invalidTokens, file: file, offset: place, "an id that is not in the vocabulary",
          found: kind.described(bits), expected: "0 to \(vocabularySize - 1)")
      }
      ids.append(id)
    }
    self.ids = ids
  }
}
