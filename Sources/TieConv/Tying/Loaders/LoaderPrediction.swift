// One line of the report's table of targets.

/// What one loader does with exactly these files.
public struct LoaderPrediction: Hashable, Sendable {
  /// The loader.
  public let target: LoaderTarget
  /// What it does.
  public let outcome: LoaderOutcome
  /// Why, in a sentence.
  public let reason: String
}
