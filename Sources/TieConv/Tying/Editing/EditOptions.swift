// What a caller of tie or untie may choose.

/// The side that wins where embedding and head differ.
public enum KeptSide: String, Sendable, CaseIterable { case embedding, head }

/// Choices for `tie` and `untie`.
public struct EditOptions: Sendable {
  /// Which matrix stays where the two differ; nil refuses. The other one is given up.
  public var keep: KeptSide?
  /// Whether an index that contradicts the files is written anew from their headers.
  public var rebuildsIndex = false
  /// Whether the output is compared with the input before it is put in place.
  public var verifies = true
  /// Whether an existing output is replaced, in one step.
  public var replaces = false
  /// Whether everything is worked out and nothing written.
  public var isDryRun = false
  /// Threads, progress, cancellation.
  public var execution: ExecutionOptions

  /// The choices that lose nothing: refuse on any difference, verify, replace nothing.
  public init(execution: ExecutionOptions = ExecutionOptions()) {
    self.execution = execution
  }
}
