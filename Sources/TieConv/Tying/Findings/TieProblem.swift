// Anything about a checkpoint that its owner should know beside the verdict.

/// One finding.
public struct TieProblem: Sendable, Equatable {
  /// How bad it is.
  public enum Severity: String, Sendable {
    /// Something will load wrong, or not at all.
    case error
    /// Something may surprise.
    case warning
    /// Worth knowing.
    case info
  }

  /// A short name that stays the same from version to version.
  public let code: String
  /// How bad it is.
  public let severity: Severity
  /// What was found.
  public let message: String
  /// The tensor it concerns.
  public let tensor: String?
  /// What to do about it.
  public let hint: String?

  init(
    _ code: String, _ severity: Severity, _ message: String, tensor: String? = nil,
    hint: String? = nil
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.tensor = tensor
    self.hint = hint
  }
}
