// verify A B --logits: two models' full distributions on the same text, block by block.

public import TieConv
internal import TieConvKernels

/// Compares the predictions of two models over the whole vocabulary, never the text that they would
/// write: a soft cap or a scale changes every probability and no argmax.
public struct LogitComparer: Sendable {
  private let one: Decoder
  private let two: Decoder
  private let options: ExecutionOptions

  /// A comparison of `one`, the reference, with `two`.
  public init(_ one: Decoder, _ two: Decoder, options: ExecutionOptions = ExecutionOptions()) {
    self.one = one
    self.two = two
    self.options = options
  }

  /// The report on these windows; every position of a window is compared.
  ///
  /// - Throws: `conflict` where the vocabularies differ in size.
  public func report(
    _ windows: EvaluationWindows, thresholds: LogitReport.Thresholds = .init()
  ) throws(CheckpointError) -> LogitReport {
    let size = one.configuration.vocabularySize
    guard two.configuration.vocabularySize == size else {
      throw CheckpointError(
        .conflict, file: two.path, "the vocabularies differ in size",
        found: "\(two.configuration.vocabularySize)", expected: "\(size)",
        hint: "only distributions over the same tokens can be compared")
    }
    var report = LogitReport(
      configurationDifferences: one.configuration.differences(from: two.configuration),
      thresholds: thresholds)
    let total = windows.windows.reduce(0) { $0 + $1.count }
    for batch in windows.batches() {
      try options.checkCancellation()
      try one.check(batch)
      try two.check(batch)
      try one.computing { () throws(KernelError) in try compare(batch, &report) }
      options.progress?(
        Progress(
          activity: "comparing", done: report.positions, total: total, unit: .tokens))
    }
    return report
  }

  private func compare(
    _ batch: TokenBatch, _ report: inout LogitReport
  ) throws(KernelError) {
    let (a, b) = (try one.hidden(batch), try two.hidden(batch))
    let (headA, headB) = (
      HeadPass(weights: one.weights, machine: one.machine),
      HeadPass(weights: two.weights, machine: two.machine)
    )
    for rows in HeadPass.rowBlocks(batch.count) {
      let pairs = RowDivergences(count: rows.count)
      for tokens in headA.vocabularyBlocks {
        let x = try headA.logits(a, rows, tokens)
        let y = try headB.logits(b, rows, tokens)
        one.machine.forEachRow(of: rows.count) { row in
          unsafe pairs.take(row, x.pointer(row), y.pointer(row), tokens)
        }
      }
      for pair in pairs.all {
        report.positions += 1
        report.maxAbsDiff = max(report.maxAbsDiff, pair.maxAbsDiff)
        report.sumKL += pair.divergence
        report.maxKL = max(report.maxKL, pair.divergence)
        if pair.topA == pair.topB { report.agreements += 1 }
      }
    }
  }
}
