// Writing ids, for training code in other languages.

public import TieConv
internal import TieConvIO

extension TokenFile {
  /// The contents of a file that spells `ids`.
  ///
  /// A NumPy array is of uint16 where every id fits, else of uint32.
  public static func contents(_ ids: [Int32], as spelling: Spelling) -> [UInt8] {
    let isShort =
      spelling == .uint16 || (spelling == .npy && ids.allSatisfy { $0 >= 0 && $0 < 1 << 16 })
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ids.count * 4 + 128)
    if spelling == .npy {
      let type = isShort ? NumPyHeader.Element.uint16 : .uint32
      var header =
        "{'descr': '\(type.rawValue)', 'fortran_order': False, 'shape': (\(ids.count),), }"
      // The data starts at a multiple of 64 bytes, and a line feed ends the header.
      let padding = 63 - (10 + header.utf8.count) % 64
      header += String(repeating: " ", count: padding) + "\n"
      bytes += NumPyHeader.magic + [1, 0]
      bytes += [UInt8(truncatingIfNeeded: header.utf8.count), UInt8(header.utf8.count >> 8)]
      bytes += Array(header.utf8)
    }
    for id in ids {
      let bits = UInt32(bitPattern: id)
      bytes.append(UInt8(truncatingIfNeeded: bits))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
      if isShort { continue }
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      bytes.append(UInt8(truncatingIfNeeded: bits >> 24))
    }
    return bytes
  }

  /// Writes `ids` to `path`, which appears whole or not at all.
  ///
  /// - Parameters:
  ///   - ids: the ids.
  ///   - path: where they go.
  ///   - spelling: how they are spelled.
  ///   - replaces: whether what lies at `path` may be replaced.
  /// - Throws: `outputExists`, `diskFull`, `writeFailed`.
  public static func write(
    _ ids: [Int32], to path: String, as spelling: Spelling, replaces: Bool = false
  ) throws(CheckpointError) {
    do throws(IOFailure) {
      let staged = try StagedOutput(destination: path, existing: replaces ? .replace : .refuse)
      do throws(IOFailure) {
        let file = try OutputFile(creating: staged.path)
        try file.write(contents(ids, as: spelling), at: 0)
        try file.sync()
        try staged.commit()
      } catch {
        staged.discard()
        throw error
      }
    } catch {
      throw CheckpointError(error, writing: true)
    }
  }
}
