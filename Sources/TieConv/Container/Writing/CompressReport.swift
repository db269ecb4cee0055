// What compress and decompress report.

/// What `compress` or `decompress` did.
public struct CompressReport: Sendable {
  /// Where the output is; nil after a dry run.
  public let output: String?
  /// The size of the input's files in bytes.
  public let inputBytes: Int
  /// The size of the output's files in bytes.
  public let outputBytes: Int
  /// Bytes that are stored once though several names have them.
  public let sharedBytes: Int
  /// Tensors with a name.
  public let tensorCount: Int
  /// Files of the checkpoint.
  public let fileCount: Int
  /// Whether every byte was checked; nil where that was skipped.
  public let verified: Bool?
  /// Whether it was compressed, not unpacked.
  public let isCompression: Bool

  /// The size of the output over the input's; nil where that has no bytes.
  public var ratio: Double? {
    inputBytes > 0 ? Double(outputBytes) / Double(inputBytes) : nil
  }

  /// The report as one JSON object.
  public var json: JSONText {
    var members: [(String, JSONText)] = [
      ("output", .optional(output)),
      ("input_bytes", .integer(inputBytes)),
      ("output_bytes", .integer(outputBytes)),
      ("tensors_dropped", .array([])),
      ("tensors_added", .array([])),
      ("verified", .optional(verified)),
      ("receipt", .null),
      ("tensors", .integer(tensorCount)),
      ("files", .integer(fileCount)),
      ("shared_bytes", .integer(sharedBytes)),
    ]
    if isCompression { members.insert(("ratio", .optional(ratio)), at: 3) }
    return .object(members)
  }
}
