// Whole results of small batches, for tests and for callers who want to look.

public import TieConv
internal import TieConvKernels

extension Decoder {
  /// The logits of every position, tokens × vocabulary, row by row. For small batches: everything
  /// else here avoids to hold them all.
  public func logits(_ batch: TokenBatch) throws(CheckpointError) -> [Float] {
    let columns = configuration.vocabularySize
    var all = [Float](repeating: 0, count: batch.count * columns)
    try forEachLogitBlock(batch) { rows, tokens, logits in
      for row in rows {
        for token in tokens {
          all[row * columns + token] = unsafe logits.pointer(
            row - rows.lowerBound, token - tokens.lowerBound
          ).pointee
        }
      }
    }
    return all
  }

  /// The mean loss of a batch. Computes all gradients on the way, for measuring how long that takes.
  public func lossWithGradients(
    _ batch: TokenBatch
  ) throws(CheckpointError) -> Double {
    try gradients(batch).loss
  }

  /// The gradient of the mean loss with respect to every stored tensor, by name, each in the order
  /// in which the tensor is stored.
  public func namedGradients(
    _ batch: TokenBatch
  ) throws(CheckpointError) -> [(name: String, values: [Float])] {
    let gradients = try gradients(batch)
    let isTied = weights[.head] == nil
    return weights.bindings.compactMap { binding in
      if isTied, binding.key.role == .head { return nil }
      return gradients.values(of: binding, isTied: isTied).map { (binding.name, $0) }
    }
  }
}
