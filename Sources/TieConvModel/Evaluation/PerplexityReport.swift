// What an evaluation finds out, as data.

internal import TieConvKernels
public import TieConv

/// The perplexity of a model on a text.
public struct PerplexityReport: Sendable, Equatable {
  /// The arithmetic of matrix products.
  public let compute: ComputePrecision
  /// The mean of −log p over the scored tokens, in nats.
  public let meanNegativeLogLikelihood: Double
  /// The standard error of that mean, the scored tokens taken as independent.
  public let standardErrorOfMean: Double
  /// Tokens that the model read.
  public let tokens: Int
  /// Tokens that were scored.
  public let scored: Int
  /// Tokens read a second.
  public let tokensPerSecond: Double

  /// exp of the mean.
  public var perplexity: Double { Elementary.exp(meanNegativeLogLikelihood) }
  /// The standard error of the perplexity, to first order.
  public var standardError: Double { perplexity * standardErrorOfMean }

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "perplexity": .double(perplexity), "mean_nll": .double(meanNegativeLogLikelihood),
      "standard_error": .double(standardError), "tokens": .integer(tokens),
      "scored": .integer(scored), "tokens_per_second": .double(tokensPerSecond),
      "compute": .string(compute.rawValue),
    ]
  }
}
