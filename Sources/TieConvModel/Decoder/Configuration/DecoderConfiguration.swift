// One description of a decoder that all supported families are settings of.

/// What a decoder computes: everything of its config that the arithmetic depends on.
public struct DecoderConfiguration: Sendable, Equatable {
  /// A normalization over the last dimension.
  public struct Norm: Sendable, Equatable {
    /// Whether the mean is taken off first (LayerNorm), or not (RMSNorm).
    public var centers = false
    /// Added to the variance, or the mean square.
    public var epsilon: Float
    /// Added to the stored gain: 1 for Gemma, whose gains are stored less one.
    public var gainOffset: Float = 0
    /// Whether a bias is added.
    public var hasBias = false
  }

  /// Normalization of queries and keys before they turn.
  public enum QueryKeyNorm: Sendable, Equatable {
    case none
    /// Every head by itself, with one gain for all.
    case perHead
    /// Every head by itself, with a gain of its own.
    case perHeadOwnGains
    /// All heads together.
    case whole
  }

  /// The function between the feed-forward network's matrices.
  public enum Activation: Sendable, Equatable {
    case silu
    /// x Φ(x) by tanh, as GPT-2 has it.
    case geluTanh
    /// x Φ(x) by the error function.
    case gelu
    case relu
  }

  /// What differs from layer to layer.
  public struct Layer: Sendable, Equatable {
    /// Keys that a query sees, itself included; nil for all before it.
    public var window: Int?
    /// The place of its rotation in ``DecoderConfiguration/rotations``; nil where none turns.
    public var rotation: Int?
    /// The factor on query · key.
    public var attentionScale: Float
  }

  /// The family.
  public internal(set) var family: DecoderFamily
  /// Rows of the table.
  public internal(set) var vocabularySize: Int
  /// Components of a hidden state.
  public internal(set) var hiddenSize: Int
  /// Components between the feed-forward network's matrices.
  public internal(set) var intermediateSize: Int
  /// Query heads.
  public internal(set) var headCount: Int
  /// Heads of keys and values; each serves as many query heads.
  public internal(set) var keyValueHeadCount: Int
  /// Components of a head.
  public internal(set) var headSize: Int
  /// The layers.
  public internal(set) var layers: [Layer]
  /// The rotations that layers refer to.
  public internal(set) var rotations: [RotarySettings] = []
  /// Rows of the table of learned positions; nil where there is none.
  public internal(set) var learnedPositions: Int?

  /// Every normalization but those of queries and keys, which have no bias.
  public internal(set) var norm: Norm
  /// Whether attention's input, attention's output, and the feed-forward network's input and
  /// output are normalized.
  public internal(set) var normalizes = (
    attentionInput: true, attentionOutput: false, feedForwardInput: true, feedForwardOutput: false
  )
  /// Whether attention and feed-forward network read the same input and are added together.
  public internal(set) var isParallel = false
  /// The normalization of queries and keys.
  public internal(set) var queryKeyNorm = QueryKeyNorm.none
  /// The activation.
  public internal(set) var activation = Activation.silu
  /// Whether the activation multiplies a second product (SwiGLU and its kin).
  public internal(set) var isGated = true
  /// Biases of the query, key and value products; of attention's output; of the feed-forward net.
  public internal(set) var hasBias = (queryKeyValue: false, output: false, feedForward: false)

  /// c in c tanh(s / c) on attention scores; nil for none.
  public internal(set) var attentionSoftCap: Float?
  /// The factor on embeddings.
  public internal(set) var embeddingScale: Float = 1
  /// Whether that factor is rounded to the weights' type where products are (Gemma).
  public internal(set) var roundsEmbeddingScale = false
  /// The factor on what each block adds.
  public internal(set) var residualScale: Float = 1
  /// The factor on logits.
  public internal(set) var logitScale: Float = 1
  /// c in c tanh(z / c) on logits; nil for none.
  public internal(set) var logitSoftCap: Float?
  /// Whether the head is the embedding.
  public internal(set) var isTied: Bool

  /// Columns of the joint query, key and value product.
  var queryKeyValueSize: Int { (headCount + 2 * keyValueHeadCount) * headSize }
  /// Columns of all heads' outputs.
  var attentionSize: Int { headCount * headSize }

  /// Whether both compute the same.
  public static func == (one: Self, other: Self) -> Bool { one.differences(from: other).isEmpty }
}

extension DecoderConfiguration {
  /// The settings in which this differs from `other`, in words, the most visible first.
  ///
  /// A model whose weights are equal and whose settings are not gives other logits: a soft cap, a
  /// scale, the tie.
  public func differences(from other: Self) -> [String] {
    var found: [String] = []
    func compare<T: Equatable>(_ name: String, _ one: T, _ two: T) {
      if one != two { found.append("\(name) (\(one) and \(two))") }
    }
    func compare<T: Equatable>(_ name: String, _ one: T?, _ two: T?) {
      func text(_ value: T?) -> String { value.map { "\($0)" } ?? "none" }
      if one != two { found.append("\(name) (\(text(one)) and \(text(two)))") }
    }
    compare("family", family.rawValue, other.family.rawValue)
    compare("tie_word_embeddings", isTied, other.isTied)
    compare("logit soft cap", logitSoftCap, other.logitSoftCap)
    compare("logit scale", logitScale, other.logitScale)
    compare("embedding scale", embeddingScale, other.embeddingScale)
    compare("residual scale", residualScale, other.residualScale)
    compare("attention soft cap", attentionSoftCap, other.attentionSoftCap)
    compare("norm epsilon", norm.epsilon, other.norm.epsilon)
    compare("vocabulary size", vocabularySize, other.vocabularySize)
    compare("hidden size", hiddenSize, other.hiddenSize)
    compare("intermediate size", intermediateSize, other.intermediateSize)
    compare("layers", layers.count, other.layers.count)
    compare("heads", headCount, other.headCount)
    compare("key-value heads", keyValueHeadCount, other.keyValueHeadCount)
    compare("head size", headSize, other.headSize)
    compare("learned positions", learnedPositions, other.learnedPositions)
    compare("activation", activation, other.activation)
    compare("gating", isGated, other.isGated)
    compare("parallel residual", isParallel, other.isParallel)
    compare("query and key norm", queryKeyNorm, other.queryKeyNorm)
    if rotations != other.rotations { found.append("rotary embedding") }
    if layers.count == other.layers.count, layers != other.layers {
      found.append("windows, rotation or attention scale of a layer")
    }
    if norm != other.norm || normalizes != other.normalizes { found.append("norms") }
    if hasBias != other.hasBias { found.append("biases") }
    return found
  }
}
