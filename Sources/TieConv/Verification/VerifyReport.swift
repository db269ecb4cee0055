// What `verify` finds out, as data.

/// The outcome of verifying one checkpoint, or of comparing two.
public struct VerifyReport: Sendable {
  /// One thing that was checked.
  public struct Check: Sendable, Equatable {
    /// A short name that stays the same from version to version.
    public let name: String
    /// Whether all is well.
    public let passed: Bool
    /// What was found.
    public let message: String
  }

  /// One tensor that is not what it should be.
  public struct Difference: Sendable, Equatable {
    /// The tensor.
    public let tensor: String
    /// The greatest difference of two numbers; nil where they were not compared as numbers.
    public let maxAbsDiff: Double?
    /// What differs, by row where that says more.
    public let reason: String
  }

  /// What was checked, in order.
  public let checks: [Check]
  /// Whether two checkpoints are equal, their configs too; nil where only one was verified.
  public let isEqual: Bool?
  /// Tensors whose bytes were looked at.
  public let tensorsCompared: Int
  /// The greatest difference of two numbers; nil where nothing was compared as numbers.
  public let maxAbsDiff: Double?
  /// Tensors that differ, or are not finite.
  public let differences: [Difference]

  /// Whether everything is as it should be.
  public var passed: Bool { checks.allSatisfy(\.passed) && isEqual != false }

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "passed": .bool(passed),
      "equal": .optional(isEqual),
      "tensors_compared": .integer(tensorsCompared),
      "max_abs_diff": .optional(maxAbsDiff),
      "differences": .array(
        differences.map {
          [
            "tensor": .string($0.tensor), "max_abs_diff": .optional($0.maxAbsDiff),
            "reason": .string($0.reason),
          ]
        }),
      "checks": .array(
        checks.map {
          [
            "name": .string($0.name), "passed": .bool($0.passed), "message": .string($0.message),
          ]
        }),
    ]
  }
}
