// The weights of a decoder in memory.

internal import TieConv
internal import TieConvIO
internal import TieConvKernels

/// All weights of a decoder. Copies share matrices until one is replaced.
struct DecoderWeights: Sendable {
  let configuration: DecoderConfiguration
  let precision: ComputePrecision
  /// Every parameter; the head only where it is not the embedding.
  var parameters: [ParameterKey: WeightMatrix]
  /// The tensors that the weights came from.
  let bindings: [TensorBinding]
  /// The files that weights lie in.
  var files: [MappedFile] = []

  subscript(role: ParameterKey.Role, layer: Int? = nil) -> WeightMatrix? {
    parameters[ParameterKey(role, layer: layer)]
  }

  /// The table that tokens are looked up in.
  var embedding: WeightMatrix? { self[.embedding] }
  /// The table that logits come from.
  var head: WeightMatrix? { self[.head] ?? self[.embedding] }

  /// The same weights with the head as a parameter of its own, equal to the embedding: two leaves
  /// where one was. Weights are only replaced, never written to, so the two share memory.
  func separatingHead() -> DecoderWeights {
    var separate = self
    if self[.head] == nil {
      separate.parameters[ParameterKey(.head)] = embedding
    }
    return separate
  }

  /// The same weights with one parameter replaced.
  func replacing(_ role: ParameterKey.Role, by matrix: WeightMatrix?) -> DecoderWeights {
    var changed = self
    changed.parameters[ParameterKey(role)] = matrix
    return changed
  }
}
