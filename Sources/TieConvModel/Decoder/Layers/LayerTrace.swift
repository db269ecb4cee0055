// What a layer's backward pass reads of its forward pass.

/// The values of one layer that are kept; norms and activations are made again from them.
struct LayerTrace: Sendable {
  let input: FloatMatrix
  /// Queries, keys and values as the product gave them; nil where they are not normalized.
  var rawJoint: FloatMatrix?
  /// Queries, keys and values as attention took them.
  var joint: FloatMatrix
  /// Attention's output and the logarithms of its softmaxes' sums.
  var heads: FloatMatrix
  var logSums: FloatMatrix
  /// Attention's output after its product; nil where that is not normalized.
  var projected: FloatMatrix?
  /// What the feed-forward network's norm, or the network itself, reads.
  var middle: FloatMatrix
  /// The feed-forward network's first product.
  var up: KeptMatrix
  /// The feed-forward network's output; nil where that is not normalized.
  var down: FloatMatrix?
}
