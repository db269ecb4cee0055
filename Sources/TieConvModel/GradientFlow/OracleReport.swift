// What a comparison with another framework's gradients finds out, as data.

public import TieConv

/// The outcome of `verify --gradients --against`.
public struct OracleReport: Sendable {
  /// What the other framework's gradient of the table is.
  public enum Verdict: String, Sendable {
    /// Both paths, once each.
    case bothPaths
    /// The lookup's part alone: the head's is lost.
    case inputPathOnly
    /// The head's part alone: the lookup's is lost.
    case outputPathOnly
    /// Both paths, twice.
    case doubled
    /// The two names have gradients of their own: the tie is lost, or there was none.
    case twoLeaves
    /// None of these.
    case neither
    /// The file has no gradient of the table.
    case missing
  }

  /// What the table's gradient is.
  public let verdict: Verdict
  /// The relative error of the table's gradient under each reading that was tried: ‖theirs − c ·
  /// ours‖ / ‖c · ours‖.
  public let tableErrors: [(verdict: Verdict, error: Double)]
  /// c: by how much all of their gradients are larger, as by a loss that is a sum or is scaled.
  public let scale: Double
  /// The relative error of every tensor that is not the table.
  public let tensors: [(name: String, error: Double)]
  /// What was allowed.
  public let tolerance: Double
  /// Whether head and embedding are one matrix here.
  public let isTied: Bool

  /// Whether their gradients are ours.
  public var passed: Bool {
    verdict == (isTied ? .bothPaths : .twoLeaves)
      && tensors.allSatisfy { $0.error <= tolerance }
  }

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "passed": .bool(passed), "verdict": .string(verdict.rawValue), "scale": .double(scale),
      "tolerance": .double(tolerance),
      "table_errors": .array(
        tableErrors.map {
          ["reading": .string($0.verdict.rawValue), "relative_error": .double($0.error)]
        }),
      "tensors": .array(
        tensors.map { ["name": .string($0.name), "relative_error": .double($0.error)] }),
    ]
  }
}
