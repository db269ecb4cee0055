// The gradient of the mean loss with respect to hidden states and head, tile by tile.

internal import TieConvKernels

extension HeadPass {
  /// Writes the gradient of `hidden`, and adds the head's and its bias's.
  ///
  /// Logits are made a second time; what is kept of the first pass is one log-sum a row, in
  /// `losses`. Rows without a target contribute nothing; `weight` is the weight of one row's loss
  /// in the whole: 1 / the number of rows with a target.
  func backward(
    _ hidden: FloatMatrix, losses: [RowLoss], targets: [Int?], weight: Float,
    into gradient: FloatMatrix, head: any TableGradient, bias: FloatMatrix?
  ) throws(KernelError) {
    guard let table = weights.head else { throw .unequalExtents(hidden.columns, 0) }
    let scale = configuration.logitScale
    gradient.fill(0)
    for rows in Self.rowBlocks(hidden.rows) {
      for tokens in vocabularyBlocks {
        let slopes = try tile(hidden, rows, tokens)
        machine.forEachRow(of: rows.count) { row in
          let place = rows.lowerBound + row
          unsafe lossGradient(
            slopes.pointer(row), tokens, losses[place], targets[place], weight: weight)
        }
        try machine.multiply(
          slopes.operand(), table.operand(rows: tokens), into: gradient, row: rows.lowerBound,
          alpha: scale, accumulates: true)
        try head.add(slopes, hidden, rows, times: scale, toRows: tokens, machine)
        if let bias {
          let sums = machine.zeros(1, tokens.count)
          unsafe machine.sumOverRows(rows.count, into: sums) { row, sums in
            unsafe Vectors.add(slopes.pointer(row), tokens.count, to: sums)
          }
          unsafe Vectors.add(
            sums.pointer(), tokens.count, times: scale, to: bias.pointer(0, tokens.lowerBound))
        }
      }
    }
  }

  /// Turns a row of logits, not yet capped, into the loss's gradient with respect to them.
  private func lossGradient(
    _ line: UnsafeMutablePointer<Float>, _ tokens: Range<Int>, _ loss: RowLoss, _ target: Int?,
    weight: Float
  ) {
    guard let target else {
      unsafe line.update(repeating: 0, count: tokens.count)
      return
    }
    unsafe Vectors.lossGradient(
      line, tokens.count, logSum: Float(loss.logSum), weight: weight,
      cap: configuration.logitSoftCap,
      target: tokens.contains(target) ? target - tokens.lowerBound : nil)
  }
}
