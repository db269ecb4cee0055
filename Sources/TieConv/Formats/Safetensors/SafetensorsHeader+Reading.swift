// From an open file to its checked header.

internal import TieConvIO

extension SafetensorsHeader {
  /// Reads and checks the header of `file`; tensor bytes are not touched.
  ///
  /// - Throws: `CheckpointError` with the code of the first rule that the file breaks.
  init(reading file: any ByteSource) throws(CheckpointError) {
    do {
      let prefix = try file.bytes(in: 0..<min(8, file.size))
      let length = try Self.validatedLength(prefix, fileSize: file.size)
      let json = try file.bytes(in: 8..<8 + length)
      try self.init(json: json, fileSize: file.size)
    } catch let error as IOFailure {
      throw CheckpointError(error)
    } catch let error as SafetensorsError {
      throw error.checkpointError(file: file.path)
    } catch {
      throw CheckpointError(.unreadable, file: file.path, "\(error)")
    }
  }
}
