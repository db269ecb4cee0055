// One line of the report's table of targets.

/// What one loader does with exactly these files.
public struct LoaderPrediction: Hashable, Sendable {
  public let target: LoaderTarget
  public let outcome: LoaderOutcome
  public let reason: String
}
