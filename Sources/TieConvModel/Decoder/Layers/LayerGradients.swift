// Where one layer's gradients go.

/// The gradients of one layer's parameters.
struct LayerGradients: Sendable {
  let gradients: [ParameterKey: FloatMatrix]
  let layer: Int

  subscript(role: ParameterKey.Role) -> FloatMatrix? {
    gradients[ParameterKey(role, layer: layer)]
  }
}
