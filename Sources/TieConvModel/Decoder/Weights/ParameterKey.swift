// The parameters of a decoder, by layer and role.

/// One matrix or vector of a decoder's weights.
struct ParameterKey: Hashable, Sendable {
  /// What a parameter does.
  enum Role: Hashable, Sendable {
    case embedding, positions, head, headBias, finalNorm, finalNormBias
    case attentionNorm, attentionNormBias, attentionOutputNorm
    case feedForwardNorm, feedForwardNormBias, feedForwardOutputNorm
    case queryNorm, keyNorm
    /// Queries, keys and values, one below the other.
    case queryKeyValue, queryKeyValueBias
    case output, outputBias
    /// The gate and below it the product that it gates; without a gate the one product.
    case up, upBias
    case down, downBias
  }

  /// The layer; nil for what there is once.
  let layer: Int?
  let role: Role

  init(_ role: Role, layer: Int? = nil) {
    self.role = role
    self.layer = layer
  }
}

extension ParameterKey.Role {
  /// Whether it is a factor of matrix products, which may be held in BF16; the others are small
  /// and stay F32.
  var isFactor: Bool {
    switch self {
    case .embedding, .head, .queryKeyValue, .output, .up, .down: true
    default: false
    }
  }
}

extension ParameterKey.Role {
  /// Whether it is a vector: a gain or a bias.
  var isVector: Bool { !isFactor && self != .positions }
}

extension DecoderConfiguration {
  /// The rows and columns of a parameter as it is held; a vector is one row.
  func extent(of role: ParameterKey.Role) -> (rows: Int, columns: Int) {
    switch role {
    case .embedding, .head: (vocabularySize, hiddenSize)
    case .headBias: (1, vocabularySize)
    case .positions: (learnedPositions ?? 0, hiddenSize)
    case .queryKeyValue: (queryKeyValueSize, hiddenSize)
    case .queryKeyValueBias: (1, queryKeyValueSize)
    case .output: (hiddenSize, attentionSize)
    case .up: (upSize, hiddenSize)
    case .upBias: (1, upSize)
    case .down: (hiddenSize, intermediateSize)
    case .queryNorm: (1, queryKeyNormSize(heads: headCount))
    case .keyNorm: (1, queryKeyNormSize(heads: keyValueHeadCount))
    default: (1, hiddenSize)
    }
  }

  /// Columns of the feed-forward network's first product.
  var upSize: Int { isGated ? 2 * intermediateSize : intermediateSize }

  private func queryKeyNormSize(heads: Int) -> Int {
    queryKeyNorm == .perHead ? headSize : heads * headSize
  }
}
