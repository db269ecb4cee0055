// The verify report for a person.

internal import TieConv
internal import TieConvIO

/// Renders a verify report as text.
struct VerifyText {
  let report: VerifyReport
  let style: TextStyle

  /// Differences beyond this many are only counted.
  private static let limit = 20

  var text: String {
    var lines = [headline]
    for check in report.checks {
      let mark = check.passed ? style.good("ok") : style.bad("FAILED")
      lines.append("  \(mark)  \(check.name): \(TextSafety.escaped(check.message))")
    }
    for difference in report.differences.prefix(Self.limit) {
      lines.append(
        "  \(TextSafety.escaped(difference.tensor)): \(TextSafety.escaped(difference.reason))")
    }
    if report.differences.count > Self.limit {
      lines.append("  and \(report.differences.count - Self.limit) more")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var headline: String {
    switch report.isEqual {
    case true?: return "\(style.good("EQUAL"))  \(counted(report.tensorsCompared, "tensor"))"
    case false? where report.differences.isEmpty:
      return "\(style.bad("DIFFERENT"))  \(counted(report.tensorsCompared, "tensor")) equal, "
        + "but not all else"
    case false?:
      return "\(style.bad("DIFFERENT"))  \(counted(report.differences.count, "difference")), "
        + "\(counted(report.tensorsCompared, "tensor")) compared"
    case nil: return report.passed ? style.good("VALID") : style.bad("INVALID")
    }
  }
}
