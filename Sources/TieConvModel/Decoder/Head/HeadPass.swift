// The head over blocks of rows and of the vocabulary, so that no tokens × vocabulary matrix exists.

internal import TieConvKernels

/// Logits of the final hidden states, tile by tile.
struct HeadPass: Sendable {
  let weights: DecoderWeights
  let machine: Machine

  /// Rows and tokens of a tile: 512 × 2048 logits are 4 MiB.
  static let rowBlock = 512
  static let vocabularyBlock = 2048

  var configuration: DecoderConfiguration { weights.configuration }

  /// Logits of one tile, before the soft cap but with scale and bias.
  func tile(
    _ hidden: FloatMatrix, _ rows: Range<Int>, _ tokens: Range<Int>
  ) throws(KernelError) -> FloatMatrix {
    guard let head = weights.head else { throw .unequalExtents(hidden.columns, 0) }
    let made = machine.matrix(rows.count, tokens.count)
    try machine.multiply(
      hidden.operand(rows: rows), head.operand(rows: tokens).transposed, into: made,
      alpha: configuration.logitScale)
    if let bias = weights[.headBias] {
      machine.forEachRow(of: rows.count) { row in
        guard let values = unsafe bias.floats.baseAddress else { return }
        // The scale is on the logits, the bias among them.
        unsafe Vectors.add(
          values + tokens.lowerBound, tokens.count, times: configuration.logitScale,
          to: made.pointer(row))
      }
    }
    return made
  }

  /// Logits of one tile as the model gives them.
  func logits(
    _ hidden: FloatMatrix, _ rows: Range<Int>, _ tokens: Range<Int>
  ) throws(KernelError) -> FloatMatrix {
    let made = try tile(hidden, rows, tokens)
    if let cap = configuration.logitSoftCap {
      machine.forEachRow(of: rows.count) { row in
        unsafe Vectors.softCap(made.pointer(row), tokens.count, cap: cap)
      }
    }
    return made
  }

  /// The blocks of the vocabulary.
  var vocabularyBlocks: [Range<Int>] {
    let size = configuration.vocabularySize
    return stride(from: 0, to: size, by: Self.vocabularyBlock).map {
      $0..<min($0 + Self.vocabularyBlock, size)
    }
  }

  /// The blocks of rows.
  static func rowBlocks(_ rows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: rowBlock).map { $0..<min($0 + rowBlock, rows) }
  }
}
