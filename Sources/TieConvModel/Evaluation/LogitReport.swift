// What a comparison of two models' full distributions finds out, as data.

public import TieConv

/// How far the predictions of two models are apart.
public struct LogitReport: Sendable {
  /// What still counts as the same function.
  ///
  /// Rearranging weights without changing them leaves logits equal to the bit or, where sums are
  /// taken in another order, to about 1e-5 of the largest: KL then is of the order of 1e-10 nats.
  /// Rounding a model's weights to BF16 gives 1e-4 and more. The thresholds lie between.
  public struct Thresholds: Sendable, Equatable {
    /// The greatest mean of KL(A ‖ B) over positions, in nats.
    public var meanKL = 1e-6
    /// The greatest KL(A ‖ B) of one position, in nats.
    public var maxKL = 1e-4

    /// The thresholds for the same function.
    public init() {}
  }

  /// Positions compared.
  public internal(set) var positions = 0
  /// The greatest difference of two logits.
  public internal(set) var maxAbsDiff = 0.0
  /// The sum of KL(A ‖ B) over positions, in nats.
  var sumKL = 0.0
  /// The greatest KL(A ‖ B) of one position, in nats.
  public internal(set) var maxKL = 0.0
  /// Positions at which both models' most likely token is the same.
  public internal(set) var agreements = 0
  /// Settings in which the two configurations differ, in words.
  public let configurationDifferences: [String]
  /// What was allowed.
  public let thresholds: Thresholds

  init(configurationDifferences: [String], thresholds: Thresholds) {
    self.configurationDifferences = configurationDifferences
    self.thresholds = thresholds
  }

  /// The mean of KL(A ‖ B) over positions, in nats.
  public var meanKL: Double { sumKL / Double(max(1, positions)) }
  /// The share of positions at which the most likely tokens agree.
  public var top1Agreement: Double { Double(agreements) / Double(max(1, positions)) }
  /// Whether the two are the same function, by the thresholds. NaN is not.
  public var passed: Bool { meanKL <= thresholds.meanKL && maxKL <= thresholds.maxKL }

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "passed": .bool(passed), "equal": .bool(passed), "tensors_compared": 0,
      "max_abs_diff": .double(maxAbsDiff),
      "differences": .array(
        configurationDifferences.map {
          ["tensor": nil, "max_abs_diff": nil, "reason": .string("config: \($0)")]
        }),
      "logits": [
        "max_abs_diff": .double(maxAbsDiff), "mean_kl": .double(meanKL),
        "max_kl": .double(maxKL), "top1_agreement": .double(top1Agreement),
        "positions": .integer(positions),
      ],
      "thresholds": [
        "mean_kl": .double(thresholds.meanKL), "max_kl": .double(thresholds.maxKL),
      ],
    ]
  }
}
