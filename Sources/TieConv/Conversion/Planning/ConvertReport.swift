// What convert reports.

/// What a conversion did.
public struct ConvertReport: Sendable {
  /// Where the output is; nil after a dry run.
  public let output: String?
  /// What the input is.
  public let source: String
  /// What the output is.
  public let target: ConversionTarget
  /// The size of the input's files in bytes.
  public let inputBytes: Int
  /// The size of the output's files in bytes; nil where a dry run cannot know it.
  public let outputBytes: Int?
  /// How many tensors the output has.
  public let tensorCount: Int
  /// Stored tensors that the output does not have.
  public let tensorsDropped: [String]
  /// Tensors of the output that the input had no bytes of its own for.
  public let tensorsAdded: [String]
  /// Tensors of the input that go back into the blocks that they were unpacked from, by type.
  public var tensorsPacked: [(name: String, type: String)] = []
  /// Tensors of the input that came out of blocks and were edited since: they stay as they are.
  public var tensorsEdited: [String] = []
  /// Where the record of what the output cannot say is; nil where none is needed.
  public var receipt: String?
  /// Whether the output was computed anew and compared; nil where that was skipped.
  public let verified: Bool?
  /// Remarks that a user should read.
  public let notes: [String]

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "output": .optional(output), "input_bytes": .integer(inputBytes),
      "output_bytes": .optional(outputBytes),
      "tensors_dropped": .array(tensorsDropped.map { .string($0) }),
      "tensors_added": .array(tensorsAdded.map { .string($0) }),
      "tensors_packed": .array(
        tensorsPacked.map { ["name": .string($0.name), "type": .string($0.type)] }),
      "tensors_edited": .array(tensorsEdited.map { .string($0) }),
      "verified": .optional(verified), "receipt": .optional(receipt),
      "from": .string(source), "to": .string(target.rawValue), "tensors": .integer(tensorCount),
      "notes": .array(notes.map { .string($0) }),
    ]
  }
}
