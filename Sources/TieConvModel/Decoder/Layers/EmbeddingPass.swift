// From tokens to the first layer's input, and the gradient back onto the table's rows.

internal import TieConvKernels

/// The lookup of tokens, with its scale and learned positions.
struct EmbeddingPass: Sendable {
  let weights: DecoderWeights
  let batch: TokenBatch
  let machine: Machine

  private var configuration: DecoderConfiguration { weights.configuration }

  /// The factor on the table's rows. Gemma rounds it to the type that it computes in.
  var scale: Float {
    let scale = configuration.embeddingScale
    guard configuration.roundsEmbeddingScale, weights.precision == .bf16 else { return scale }
    return scale.roundedToBF16
  }

  /// Tokens × hidden size.
  func forward() throws(KernelError) -> FloatMatrix {
    let columns = configuration.hiddenSize
    let made = machine.matrix(batch.count, columns)
    guard let table = weights.embedding else { throw .unequalExtents(0, columns) }
    let positions = batch.positions
    let learned = weights[.positions]
    for (row, token) in batch.tokens.enumerated() {
      let line = unsafe made.pointer(row)
      try unsafe table.row(token, into: UnsafeMutableBufferPointer(start: line, count: columns))
      if scale != 1 { unsafe Vectors.scale(line, columns, by: scale) }
      if let learned, let base = unsafe learned.floats.baseAddress {
        unsafe Vectors.add(base + positions[row] * columns, columns, to: line)
      }
    }
    return made
  }

  /// Adds the gradients of the looked-up rows to the table's, and those of positions to theirs.
  func backward(
    _ gradient: FloatMatrix, into sums: any TableGradient, positions: FloatMatrix?
  ) {
    let columns = configuration.hiddenSize
    let places = batch.positions
    for (row, token) in batch.tokens.enumerated() {
      let line = unsafe gradient.pointer(row)
      unsafe sums.add(line, times: scale, toRow: token)
      if let positions {
        unsafe Vectors.add(line, columns, to: positions.pointer(places[row]))
      }
    }
  }
}

extension Float {
  /// The nearest BF16 number, ties to even.
  var roundedToBF16: Float {
    let bits = bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}
