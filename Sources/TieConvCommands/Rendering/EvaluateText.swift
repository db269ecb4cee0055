// Reports of models that were run, for a person.

internal import TieConv
internal import TieConvModel

/// Renders a perplexity.
struct EvaluateText {
  let report: PerplexityReport

  private var arithmetic: String {
    switch report.compute {
    case .f32: "f32"
    case .bf16: "bf16 factors, f32 sums"
    case .ggml: "as ggml computes them"
    }
  }

  var text: String {
    """
    perplexity \(Decimal.fixed(report.perplexity, 4)) ± \(Decimal.fixed(report.standardError, 4))
      \(report.scored) of \(report.tokens) tokens scored, mean -log p \
    \(Decimal.fixed(report.meanNegativeLogLikelihood, 5)) nats
      \(Decimal.fixed(report.tokensPerSecond, 0)) tokens/s, matrix products: \(arithmetic)

    """
  }
}
