// The activations of feed-forward layers.

internal import CTieConvKernels

/// An activation a(x). GELU is x·Φ(x) (Hendrycks & Gimpel 2016), exactly or by their tanh formula.
package enum Activation: CaseIterable, Sendable {
  case silu, gelu, geluTanh, relu

  var code: tc_activation {
    switch self {
    case .silu: TC_SILU
    case .gelu: TC_GELU
    case .geluTanh: TC_GELU_TANH
    case .relu: TC_RELU
    }
  }
}
