// What a verification of gradient flow finds out, as data.

public import TieConv

/// The outcome of `verify --gradients`.
public struct GradientReport: Sendable {
  /// One thing that was checked.
  public struct Check: Sendable, Equatable {
    /// A short name that stays the same from version to version.
    public let name: String
    /// Whether all is well.
    public let passed: Bool
    /// The error that was measured.
    public let relativeError: Double
    /// What was allowed; for a fault that was put in, what had to be exceeded.
    public let tolerance: Double
    /// What was found, in words.
    public let message: String

    init(_ name: String, error: Double, tolerance: Double, _ message: String) {
      self.name = name
      relativeError = error
      self.tolerance = tolerance
      // NaN is no pass.
      passed = error <= tolerance
      self.message = message
    }

    init(catching fault: TieFault, by check: Check?) {
      name = "catches-\(fault.rawValue)"
      passed = check != nil
      relativeError = check?.relativeError ?? 0
      tolerance = check?.tolerance ?? 0
      message = check.map { "caught by \($0.name)" } ?? "not caught"
    }
  }

  /// The sizes of the table's gradients.
  public struct Norms: Sendable, Equatable {
    /// As an input.
    public let input: Double
    /// As an output.
    public let output: Double
    /// Of both together; nil where they are two matrices.
    public let tied: Double?
    /// The output's share of the sum of both norms.
    public var outputShare: Double? { input + output > 0 ? output / (input + output) : nil }
  }

  /// What was checked, in order.
  public let checks: [Check]
  /// The table's gradients.
  public let norms: Norms
  /// The tokens that the gradients were taken on, sequence by sequence.
  public let tokens: [[Int]]
  /// The mean loss on them.
  public let loss: Double

  /// Whether everything is as it should be.
  public var passed: Bool { checks.allSatisfy(\.passed) }

  /// The report as one JSON object, with a comparison with another framework's gradients where
  /// there was one.
  public func json(with oracle: OracleReport? = nil) -> JSONText {
    [
      "passed": .bool(passed && oracle?.passed != false),
      "checks": .array(
        checks.map {
          [
            "name": .string($0.name), "passed": .bool($0.passed),
            "relative_error": .double($0.relativeError), "tolerance": .double($0.tolerance),
            "message": .string($0.message),
          ]
        }),
      "gradient": [
        "input_norm": .double(norms.input), "output_norm": .double(norms.output),
        "tied_norm": .optional(norms.tied), "output_share": .optional(norms.outputShare),
      ],
      "loss": .double(loss),
      "against": oracle?.json ?? nil,
      "tokens": .array(tokens.map { .array($0.map { .integer($0) }) }),
    ]
  }
}
