// The report of compress and decompress for a person.

internal import TieConv

/// Renders the report of a compression, or of its undoing.
struct CompressText {
  let report: CompressReport

  var text: String {
    let isDryRun = report.output == nil
    var lines = [
      (isDryRun ? "plan: " : "") + "\(counted(report.tensorCount, "tensor")) in "
        + "\(counted(report.fileCount, "file")), " + ByteCount.described(report.inputBytes)
    ]
    if report.sharedBytes > 0 {
      lines.append("  shared    \(ByteCount.described(report.sharedBytes)) stored once")
    }
    let share =
      report.isCompression
      ? report.ratio.map { " (\(Double(Int(($0 * 1000).rounded())) / 10) %)" } ?? "" : ""
    lines.append(
      "  \(isDryRun ? "to write" : "wrote   ")  \(ByteCount.described(report.outputBytes))\(share)"
        + (report.output.map { " to \(TextSafety.escaped($0))" } ?? ""))
    if !isDryRun || report.verified == true {
      lines.append(
        report.verified == true ? "  verified  every chunk" : "  verified  no, as asked")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
