// Reports of models that were run, for a person.

internal import TieConv
internal import TieConvModel

/// A number with so many digits behind the point, and no more machinery than that.
enum Decimal {
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let power = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * power).rounded()
    let whole = UInt64(scaled / power)
    let rest = UInt64(scaled - Double(whole) * power)
    let text = String(rest)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole).\(String(repeating: "0", count: max(0, digits - text.count)))\(text)"
  }
}

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
