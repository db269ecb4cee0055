// The loss of one position, from logits that arrive in blocks.

internal import TieConvKernels

/// A running log-sum-exp with the target's logit picked out.
struct RowLoss: Sendable {
  var maximum = -Float.infinity
  var sum: Float = 0
  var targetLogit: Float = 0

  /// log Σ exp(logits).
  var logSum: Double { Double(maximum) + Elementary.log(Double(sum)) }
  /// −log p(target).
  var negativeLogLikelihood: Double { logSum - Double(targetLogit) }

  /// Takes in a block of logits, which become meaningless.
  mutating func take(_ line: UnsafeMutablePointer<Float>, _ tokens: Range<Int>, target: Int?) {
    if let target, tokens.contains(target) {
      targetLogit = unsafe line[target - tokens.lowerBound]
    }
    _ = unsafe Vectors.softmaxStep(line, tokens.count, maximum: &maximum, sum: &sum)
  }
}

extension HeadPass {
  /// The loss of every row that has a target; the others' log-sums are meaningful too.
  func losses(
    _ hidden: FloatMatrix, targets: [Int?]
  ) throws(KernelError) -> [RowLoss] {
    var losses: [RowLoss] = []
    losses.reserveCapacity(hidden.rows)
    for rows in Self.rowBlocks(hidden.rows) {
      let found = RowLosses(count: rows.count)
      for tokens in vocabularyBlocks {
        let logits = try logits(hidden, rows, tokens)
        machine.forEachRow(of: rows.count) { row in
          found.update(row) {
            unsafe $0.take(logits.pointer(row), tokens, target: targets[rows.lowerBound + row])
          }
        }
      }
      losses += found.all
    }
    return losses
  }
}

/// The running losses of a block of rows, each of which one thread at a time works on.
@safe final class RowLosses: @unchecked Sendable {
  private let losses: UnsafeMutableBufferPointer<RowLoss>

  init(count: Int) {
    unsafe losses = .allocate(capacity: count)
    unsafe losses.initialize(repeating: RowLoss())
  }

  deinit { unsafe losses.deallocate() }

  func update(_ row: Int, _ body: (inout RowLoss) -> Void) { unsafe body(&losses[row]) }

  var all: [RowLoss] { unsafe Array(losses) }
}
