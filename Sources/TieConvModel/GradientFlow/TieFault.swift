// The ways in which training code loses a tie, each seen in the wild.

/// A fault of a training step on a tied table.
enum TieFault: String, Sendable, CaseIterable {
  /// The head's part of the gradient never reaches the table.
  case inputPathOnly = "input-path-only"
  /// The lookup's part never does.
  case outputPathOnly = "output-path-only"
  /// The gradient arrives twice, as by two reductions over the same group.
  case doubled
  /// The head is a copy that was equal once and is not updated.
  case staleCopy = "stale-copy"
  /// The table is in the optimizer under both names and decays twice.
  case decayTwice = "decay-twice"
  /// The logits come from another matrix.
  case headReplaced = "head-replaced"
}
