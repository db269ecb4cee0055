// The inspect report for a person: the answer in the first line.

internal import TieConv
internal import TieConvIO

/// Renders an inspect report as text.
struct InspectText {
  let report: InspectReport
  let style: TextStyle

  var text: String {
    var lines = [headline, ""]
    lines += facts.map { "  \(pad($0.0, 12))\($0.1)" }
    if !groupLines.isEmpty { lines += [""] + groupLines }
    if !report.problems.isEmpty { lines += [""] + report.problems.flatMap(problemLines) }
    if !report.targets.isEmpty { lines += [""] + targetLines }
    return lines.joined(separator: "\n") + "\n"
  }

  private var headline: String {
    let name = report.verdict.rawValue
    let mark = report.verdict.isSound ? style.good(name) : style.bad(name)
    let saving =
      report.bytes.reclaimable > 0
      ? " (\(ByteCount.described(report.bytes.reclaimable)) to save)" : ""
    // One storage under both names is tied where no flag says otherwise.
    let meaning =
      report.verdict == .tied && report.flag.effective == nil
      ? "no flag, and one matrix is stored under both names" : report.verdict.meaning
    return "\(mark)  \(meaning)\(saving)"
  }

  private var facts: [(String, String)] {
    var facts: [(String, String)] = []
    if let architecture = report.architecture {
      facts.append(("model", TextSafety.escaped(architecture)))
    }
    let value = report.flag.effective.map { "\($0)" } ?? "unknown"
    facts.append(("flag", value + (report.flag.source.map { " (\($0))" } ?? "")))
    facts.append(
      (
        "stored",
        "\(counted(report.tensorCount, "tensor")), \(ByteCount.count(report.parameters.stored)) parameters"
          + (report.parameters.unique != report.parameters.stored
            ? " (\(ByteCount.count(report.parameters.unique)) unique)" : "")
          + ", \(ByteCount.described(report.bytes.files)) in "
          + counted(report.fileCount, "file")
      ))
    return facts
  }

  private var groupLines: [String] {
    let width =
      report.groups.flatMap(\.members).map { TextSafety.escaped($0.name).count }.max() ?? 0
    return report.groups.filter { !$0.members.isEmpty }.flatMap { group -> [String] in
      var lines = group.members.map { member in
        "  \(pad(member.role.rawValue, 12))\(pad(TextSafety.escaped(member.name), width + 2))"
          + "\(member.dtype.rawValue) \(member.shape)\(packing(member))  "
          + style.dim(TextSafety.escaped(member.file))
      }
      if let relation = relation(group) { lines.append("  \(pad("", 12))\(relation)") }
      return lines
    }
  }

  /// What the codes stand for, where the member is packed.
  private func packing(_ member: TieGroup.Member) -> String {
    guard let packing = member.packing else { return "" }
    guard let scheme = packing.scheme, let shape = packing.shape else { return " (packed)" }
    return " = \(shape) (\(scheme))"
  }

  private func relation(_ group: TieGroup) -> String? {
    if let explanation = group.explanation { return TextSafety.escaped(explanation) }
    switch group.isEqual {
    case true?: return "equal, byte for byte"
    case false?: return "different"
    case nil: return group.members.count > 1 ? "not compared" : nil
    }
  }

  private func problemLines(_ problem: TieProblem) -> [String] {
    let mark =
      switch problem.severity {
      case .error: style.bad("error")
      case .warning: style.warning("warning")
      case .info: style.dim("note")
      }
    let tensor = problem.tensor.map { TextSafety.escaped($0) + ": " } ?? ""
    var lines = ["  \(mark): \(tensor)\(TextSafety.escaped(problem.message))"]
    if let hint = problem.hint { lines.append("    hint: \(hint)") }
    return lines
  }

  private var targetLines: [String] {
    report.targets.map { prediction in
      let outcome = prediction.outcome.rawValue
      let mark =
        switch prediction.outcome {
        case .ties, .keepsBoth: outcome
        case .unknown: style.dim(outcome)
        default: style.warning(outcome)
        }
      return "  \(pad(prediction.target.rawValue, 14))\(mark)"
        + String(repeating: " ", count: max(1, 16 - outcome.count)) + style.dim(prediction.reason)
    }
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
