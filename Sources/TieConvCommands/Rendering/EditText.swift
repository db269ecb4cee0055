// The report of tie and untie for a person.

internal import TieConv
internal import TieConvIO

/// Renders the report of an edit.
struct EditText {
  let report: EditReport
  let isDryRun: Bool

  func write(_ output: OutputOptions) {
    output.write(report.json, text: text)
    for note in report.notes { output.remark("note: \(note)") }
  }

  private var text: String {
    let saved = report.inputBytes - report.outputBytes
    let change =
      saved == 0
      ? "same size"
      : saved > 0
        ? "\(ByteCount.described(saved)) less" : "\(ByteCount.described(-saved)) more"
    var lines = [
      (isDryRun ? "plan: " : "")
        + "\(report.verdict.rawValue)  \(TextSafety.escaped(report.summary))"
    ]
    for edit in report.flagEdits {
      lines.append(
        "  config    \(edit.path): \(edit.before.map { "\($0)" } ?? "absent") → \(edit.after)")
    }
    lines.append(
      "  \(isDryRun ? "to write" : "wrote   ")  "
        + "\(ByteCount.described(report.outputBytes)) (\(change))"
        + (report.output.map { " to \(TextSafety.escaped($0))" } ?? ""))
    if !isDryRun {
      lines.append(
        report.verified == true
          ? "  verified  by a fresh reader, every byte" : "  verified  no, as asked")
    }
    if let receipt = report.receipt { lines.append("  receipt   \(TextSafety.escaped(receipt))") }
    return lines.joined(separator: "\n") + "\n"
  }
}
