// What an edit reports.

/// What `tie` or `untie` did.
public struct EditReport: Sendable {
  /// Where the output is; nil after a dry run.
  public let output: String?
  /// The verdict on the input.
  public let verdict: TieVerdict
  /// What was done, in a sentence.
  public let summary: String
  /// The size of the input's files in bytes.
  public let inputBytes: Int
  /// The size of the output's files in bytes.
  public let outputBytes: Int
  /// Names of tensors that are no longer stored.
  public let tensorsDropped: [String]
  /// Names of tensors that are stored in addition.
  public let tensorsAdded: [String]
  /// Tensors stored under another name, old and new.
  public let tensorsRenamed: [(from: String, to: String)]
  /// Flags that were changed.
  public let flagEdits: [ModelConfig.FlagEdit]
  /// Whether a fresh reader has compared the output with the input; nil where that was skipped.
  public let verified: Bool?
  /// Where the receipt is; nil where none was left.
  public let receipt: String?
  /// Whether the output is, byte for byte, what an earlier edit started from.
  public let restoredOriginal: Bool
  /// Remarks that a user should read.
  public let notes: [String]
}
