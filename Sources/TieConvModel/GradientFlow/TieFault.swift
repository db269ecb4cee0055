// The ways in which training code goes wrong with embedding and head, each seen in the wild.

/// A fault of a training step.
enum TieFault: String, Sendable, CaseIterable {
  /// The head's part of the gradient never arrives.
  case inputPathOnly = "input-path-only"
  /// The lookup's part never does.
  case outputPathOnly = "output-path-only"
  /// The gradient arrives twice, as by two reductions over the same group.
  case doubled
  /// The head is a copy that was equal once and is not updated.
  case staleCopy = "stale-copy"
  /// A table is in the optimizer under two names and decays twice.
  case decayTwice = "decay-twice"
  /// The logits come from another matrix.
  case headReplaced = "head-replaced"
  /// Two tables are made one, as by loaders that go by a list of names.
  case tiedByMistake = "tied-by-mistake"

  /// The faults that a table with both roles can have.
  static let ofOneTable: [TieFault] = [
    .inputPathOnly, .outputPathOnly, .doubled, .staleCopy, .decayTwice, .headReplaced,
  ]
  /// The faults that two tables can have.
  static let ofTwoTables: [TieFault] = [
    .inputPathOnly, .outputPathOnly, .doubled, .decayTwice, .headReplaced, .tiedByMistake,
  ]
}
