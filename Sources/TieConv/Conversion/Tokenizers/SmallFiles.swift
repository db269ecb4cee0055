// Reading the small files of a checkpoint's folder whole.

internal import TieConvIO

/// The small files beside the weights.
struct SmallFiles {
  /// The largest text that is read; real ones are below 1 MB.
  static let maximumText = 16 << 20

  private let checkpoint: Checkpoint

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  func path(_ name: String) -> String { FilePath.join(checkpoint.folder, name) }

  /// All of the file called `name`; nil where there is none.
  func bytes(_ name: String, limit: Int) throws(CheckpointError) -> [UInt8]? {
    let isThere = try reading { () throws(IOFailure) in try checkpoint.tree.contains(name) }
    guard isThere else { return nil }
    let file = try reading { () throws(IOFailure) in try checkpoint.tree.open(name) }
    guard file.size <= limit else {
      throw CheckpointError(
        .tooLarge, file: path(name), "too large", found: "\(file.size) bytes",
        expected: "at most \(limit)")
    }
    return try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
  }

  /// The file called `name` as JSON; nil where there is none.
  func json(_ name: String) throws(CheckpointError) -> JSONNode? {
    guard let text = try bytes(name, limit: Self.maximumText) else { return nil }
    do { return try JSONNode.parse(text, allowsNonFinite: true) } catch {
      throw CheckpointError(
        .invalidTokenizer, file: path(name), offset: error.offset, "not JSON: \(error.message)")
    }
  }
}
