// One safetensors file on disk: open, with its header read and checked.

internal import TieConvIO

/// One open safetensors file.
///
/// Opening reads the header alone; tensor bytes are read only when they are asked for.
public struct SafetensorsShard: Sendable {
  /// The file's name within its checkpoint.
  public let name: String
  /// Where it was opened.
  public let path: String
  /// The header.
  public let header: SafetensorsHeader
  /// The open file.
  let file: any ByteSource

  /// Opens `path` and checks its header.
  ///
  /// - Throws: `CheckpointError` with the code of the first rule that the file breaks.
  public init(name: String, path: String) throws(CheckpointError) {
    let file: InputFile
    do { file = try InputFile(path) } catch { throw CheckpointError(error) }
    try self.init(name: name, file: file)
  }

  /// Checks the header of an open file.
  init(name: String, file: any ByteSource) throws(CheckpointError) {
    self.name = name
    path = file.path
    self.file = file
    header = try Self.readHeader(file)
  }

  private static func readHeader(
    _ file: any ByteSource
  ) throws(CheckpointError) -> SafetensorsHeader {
    do {
      let prefix = try file.bytes(in: 0..<min(8, file.size))
      let length = try SafetensorsHeader.validatedLength(prefix, fileSize: file.size)
      let json = try file.bytes(in: 8..<8 + length)
      return try SafetensorsHeader(json: json, fileSize: file.size)
    } catch let error as IOFailure {
      throw CheckpointError(error)
    } catch let error as SafetensorsError {
      throw error.checkpointError(file: file.path)
    } catch {
      throw CheckpointError(.unreadable, file: file.path, "\(error)")
    }
  }

  /// The size of the file in bytes.
  public var fileSize: Int { file.size }

  /// The header's JSON text as it stands in the file, padding included.
  func headerText() throws(CheckpointError) -> [UInt8] {
    do { return try file.bytes(in: 8..<header.dataStart) } catch { throw CheckpointError(error) }
  }

  /// Where the bytes of `tensor`, one of this shard's, stand in the file.
  func fileRange(of tensor: TensorInfo) -> Range<Int> {
    (header.dataStart + tensor.dataOffsets.lowerBound)..<(header.dataStart
      + tensor.dataOffsets.upperBound)
  }
}
