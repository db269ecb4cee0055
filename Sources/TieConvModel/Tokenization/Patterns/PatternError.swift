// Why a pattern is not taken.

/// A pattern that this engine does not run.
struct PatternError: Error, Equatable {
  /// What is not supported, or wrong, in words.
  let message: String

  init(_ message: String) { self.message = message }
}
