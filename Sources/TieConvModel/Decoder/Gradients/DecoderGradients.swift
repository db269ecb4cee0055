// What a backward pass gives.

internal import TieConvKernels

/// The gradients of the mean loss of one batch.
struct DecoderGradients: Sendable {
  /// The mean of −log p over the positions that have a successor.
  let loss: Double
  /// Those positions.
  let positions: Int
  /// The gradients of all parameters but the tables.
  let parameters: [ParameterKey: FloatMatrix]
  /// The gradient of the table that tokens are looked up in, as such.
  let input: any TableGradient
  /// The gradient of the table that logits come from, as such. The same object as `input` where
  /// the two were summed.
  let output: any TableGradient
}

/// What a backward pass is to compute.
struct GradientRequest: Sendable {
  /// Whether the table's two gradients are kept apart where one table has both roles.
  var separatesPaths = false
  /// Whether the tables' gradients are summed in F64.
  var isWide = false
  /// Whether anything but the tables' gradients is wanted.
  var includesLayers = true
  /// Bytes of activations that may be kept; what is beyond is computed again.
  var activationBytes = 1 << 29
}
