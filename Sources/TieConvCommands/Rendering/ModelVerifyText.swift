// Verifications that run a model, for a person.

internal import TieConv
internal import TieConvIO
internal import TieConvModel

/// Renders the comparison of two models' logits.
struct LogitText {
  let report: LogitReport
  let style: TextStyle

  var text: String {
    var lines = [
      report.passed
        ? "\(style.good("SAME FUNCTION"))  \(report.positions) positions"
        : "\(style.bad("DIFFERENT"))  \(report.positions) positions",
      "  KL(A || B): mean \(Decimal.significant(report.meanKL)), greatest \(Decimal.significant(report.maxKL)) nats"
        + " (allowed \(Decimal.significant(report.thresholds.meanKL)) and \(Decimal.significant(report.thresholds.maxKL)))",
      "  greatest logit difference \(Decimal.significant(report.maxAbsDiff))",
      "  same most likely token at \(Decimal.fixed(100 * report.top1Agreement, 3)) %",
    ]
    lines += report.configurationDifferences.map { "  config differs: \(TextSafety.escaped($0))" }
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Renders a verification of gradient flow.
struct GradientText {
  let report: GradientReport
  let oracle: OracleReport?
  let style: TextStyle

  var text: String {
    let passed = report.passed && oracle?.passed != false
    var lines = [passed ? style.good("PASSED") : style.bad("FAILED")]
    for check in report.checks {
      let mark = check.passed ? style.good("ok") : style.bad("FAILED")
      let error =
        "\(Decimal.significant(check.relativeError)) (\(Decimal.significant(check.tolerance)))"
      lines.append("  \(mark)  \(check.name): \(error) \(TextSafety.escaped(check.message))")
    }
    let norms = report.norms
    lines.append(
      "  gradient of the table: input \(Decimal.significant(norms.input)), output \(Decimal.significant(norms.output))"
        + (norms.tied.map { ", both \(Decimal.significant($0))" } ?? "")
        + (norms.outputShare.map { ", output share \(Decimal.fixed($0, 3))" } ?? ""))
    if let oracle { lines += Self.lines(oracle, style) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines(_ oracle: OracleReport, _ style: TextStyle) -> [String] {
    let words: String =
      switch oracle.verdict {
      case .bothPaths: "both paths reach the table"
      case .inputPathOnly: "the head's part of the gradient is lost"
      case .outputPathOnly: "the lookup's part of the gradient is lost"
      case .doubled: "the gradient arrives twice"
      case .twoLeaves: "embedding and head have gradients of their own"
      case .neither: "the table's gradient is neither path, nor their sum"
      case .missing: "the file has no gradient of the table"
      }
    let mark = oracle.passed ? style.good("ok") : style.bad("FAILED")
    let worst = oracle.tensors.max { $0.error < $1.error }
    return ["  \(mark)  against: \(words)"]
      + (worst.map {
        [
          "      \(oracle.tensors.count) other tensors, worst \(TextSafety.escaped($0.name)): "
            + Decimal.significant($0.error)
        ]
      } ?? [])
  }
}

/// Renders a drift.
struct DriftText {
  let report: DriftReport
  let style: TextStyle

  var text: String {
    let headline = report.isTogether ? style.good("TOGETHER") : style.bad("APART")
    return """
      \(headline)  embedding moved by \(Decimal.significant(report.embeddingMovement)), head by \(Decimal.significant(report.headMovement))
        cosine of the movements \(report.cosine.map { Decimal.significant($0) } ?? "undefined")
        greatest difference of the two: \(Decimal.significant(report.maxAbsDiff.before)) before, \
      \(Decimal.significant(report.maxAbsDiff.after)) after

      """
  }
}
