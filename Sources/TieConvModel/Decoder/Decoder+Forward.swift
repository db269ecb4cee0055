// Forward: from tokens to final hidden states, losses and logits.

public import TieConv
internal import TieConvKernels

extension Decoder {
  /// −log p of each token given those before it in its sequence: nil for the first of a sequence,
  /// natural logarithms.
  public func negativeLogLikelihoods(
    _ batch: TokenBatch
  ) throws(CheckpointError) -> [Double?] {
    try check(batch)
    let targets = batch.successors
    let losses = try computing { () throws(KernelError) in
      try HeadPass(weights: weights, machine: machine)
        .losses(try hidden(batch), targets: targets)
    }
    var found: [Double?] = []
    for (row, target) in targets.enumerated() {
      // A row's loss is its successor's.
      if batch.sequences.contains(where: { $0.lowerBound == row }) { found.append(nil) }
      if target != nil { found.append(losses[row].negativeLogLikelihood) }
    }
    return found
  }

  /// Calls `body` with the logits of blocks of positions and tokens: row-major, rows × tokens.
  ///
  /// Positions come in rising order and for each block of them all tokens in rising order; the
  /// buffer is valid within the call.
  func forEachLogitBlock(
    _ batch: TokenBatch,
    _ body: (_ rows: Range<Int>, _ tokens: Range<Int>, _ logits: FloatMatrix) -> Void
  ) throws(CheckpointError) {
    try check(batch)
    try computing { () throws(KernelError) in
      let hidden = try hidden(batch)
      let head = HeadPass(weights: weights, machine: machine)
      for rows in HeadPass.rowBlocks(hidden.rows) {
        for tokens in head.vocabularyBlocks {
          body(rows, tokens, try head.logits(hidden, rows, tokens))
        }
      }
    }
  }

  /// The final hidden states, normalized, as the head's product reads them: tokens × hidden size.
  func hidden(_ batch: TokenBatch) throws(KernelError) -> FloatMatrix {
    var state = try EmbeddingPass(weights: weights, batch: batch, machine: machine).forward()
    let tables = rotationTables(batch)
    for layer in configuration.layers.indices {
      state = try self.layer(layer, batch, tables).forward(state, keepsTrace: false).output
    }
    return machine.rounded(
      finalNorm?.forward(state) ?? state, to: weights.head?.stretches.first?.rounding)
  }

  var finalNorm: NormPass? {
    weights[.finalNorm].map {
      NormPass(
        settings: configuration.norm, gain: $0, bias: weights[.finalNormBias], machine: machine)
    }
  }

  func rotationTables(_ batch: TokenBatch) -> [RotationTable] {
    configuration.rotations.map {
      RotationTable(
        $0, length: batch.longest, store: machine.store, accumulates: precision == .ggml)
    }
  }

  func layer(_ index: Int, _ batch: TokenBatch, _ tables: [RotationTable]) -> DecoderLayer {
    DecoderLayer(
      configuration: configuration, weights: LayerWeights(weights: weights, layer: index),
      machine: machine, batch: batch,
      rotation: configuration.layers[index].rotation.map { tables[$0] },
      positions: batch.positions)
  }
}
