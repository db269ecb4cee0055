// Small files beside the weights that other stages read whole: config, index, tokenizer, generation
// settings.

internal import TieConvIO

extension FileTree {
  /// All of the file called `name`, which is there.
  ///
  /// - Throws: `code` for more than `limit` bytes; what reading fails with.
  func smallFile(
    _ name: String, limit: Int, code: CheckpointError.Code = .tooLarge
  ) throws(CheckpointError) -> [UInt8] {
    let file = try reading { () throws(IOFailure) in try open(name) }
    guard file.size <= limit else {
      throw CheckpointError(
        code, file: file.path, "larger than such a file can be", found: "\(file.size) bytes",
        expected: "at most \(limit)")
    }
    return try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
  }
}

extension Checkpoint {
  /// The largest text that is read as a whole; real ones are below 1 MB.
  package static let maximumText = 16 << 20

  /// The bytes of the file `name` beside the weights; nil where there is none.
  ///
  /// - Throws: `tooLarge` for more than `maximumSize` bytes; what reading fails with.
  package func companion(
    _ name: String, maximumSize: Int
  ) throws(CheckpointError) -> [UInt8]? {
    guard try reading({ () throws(IOFailure) in try tree.contains(name) }) else { return nil }
    return try tree.smallFile(name, limit: maximumSize)
  }

  /// The file `name` beside the weights as JSON; nil where there is none.
  ///
  /// - Throws: `invalidTokenizer` where it is not JSON; as ``companion(_:maximumSize:)``.
  func companionJSON(_ name: String) throws(CheckpointError) -> JSONNode? {
    guard let text = try companion(name, maximumSize: Self.maximumText) else { return nil }
    do { return try JSONNode.parse(text, allowsNonFinite: true) } catch {
      throw CheckpointError(
        .invalidTokenizer, file: companionPath(name), offset: error.offset,
        "not JSON: \(error.message)")
    }
  }

  /// Where the file `name` lies beside the weights.
  func companionPath(_ name: String) -> String { FilePath.join(folder, name) }
}
