// The report of convert for a person.

internal import TieConv

/// Renders the report of a conversion.
struct ConvertText {
  let report: ConvertReport

  var text: String {
    let isDryRun = report.output == nil
    var lines = [
      (isDryRun ? "plan: " : "")
        + "\(report.source) → \(report.target.rawValue), \(counted(report.tensorCount, "tensor"))"
    ]
    for name in report.tensorsDropped {
      lines.append("  dropped   \(TextSafety.escaped(name))")
    }
    for name in report.tensorsAdded { lines.append("  added     \(TextSafety.escaped(name))") }
    if !report.tensorsPacked.isEmpty {
      let types = Set(report.tensorsPacked.map(\.type)).sorted().joined(separator: ", ")
      lines.append(
        "  packed    \(report.tensorsPacked.count) tensors, back into their blocks: \(types)")
    }
    for name in report.tensorsEdited {
      lines.append("  edited    \(TextSafety.escaped(name)), so it is not packed again")
    }
    if let bytes = report.outputBytes {
      lines.append(
        "  \(isDryRun ? "to write" : "wrote   ")  \(ByteCount.described(bytes))"
          + (report.output.map { " to \(TextSafety.escaped($0))" } ?? ""))
    }
    if !isDryRun {
      lines.append(
        report.verified == true
          ? "  verified  computed again, every byte" : "  verified  no, as asked")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
