// Small files beside the weights that other stages read: tokenizer, generation settings.

internal import TieConvIO

extension Checkpoint {
  /// The bytes of the file `name` beside the weights; nil where there is none.
  ///
  /// - Throws: `tooLarge` for more than `maximumSize` bytes; what reading fails with.
  package func companion(
    _ name: String, maximumSize: Int
  ) throws(CheckpointError) -> [UInt8]? {
    let file = try reading { () throws(IOFailure) in
      try tree.contains(name) ? try tree.open(name) : nil
    }
    guard let file else { return nil }
    guard file.size <= maximumSize else {
      throw CheckpointError(
        .tooLarge, file: file.path, "larger than such a file can be", found: "\(file.size) bytes",
        expected: "\(maximumSize) or less")
    }
    return try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
  }
}
