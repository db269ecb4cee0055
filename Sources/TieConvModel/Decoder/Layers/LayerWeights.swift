// One layer's parameters, ready at hand.

internal import TieConvKernels

/// The weights of one layer.
struct LayerWeights: Sendable {
  let weights: DecoderWeights
  let layer: Int

  subscript(role: ParameterKey.Role) -> WeightMatrix? { weights[role, layer] }

  /// A vector's elements; nil where the layer has none.
  func vector(_ role: ParameterKey.Role) -> UnsafePointer<Float>? {
    unsafe self[role].flatMap { unsafe UnsafePointer($0.floats.baseAddress) }
  }
}
