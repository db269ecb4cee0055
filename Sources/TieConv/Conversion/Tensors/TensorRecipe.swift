// One tensor of an output, in terms of the input's tensors.

/// What a written tensor is made of. Pure: names and numbers, no bytes.
struct TensorRecipe: Sendable, Equatable {
  /// Where elements come from.
  enum Source: Sendable, Equatable {
    /// A tensor of the input.
    case stored(String)
    /// A packed matrix of the input, unpacked: the module that owns it.
    case packed(String)
    /// Numbers that the metadata gives.
    case numbers([Float])
  }

  /// The name in the output.
  let name: String
  /// Stacked along the first dimension.
  var sources: [Source]
  /// Applied in this order, after stacking.
  var transforms: [TensorTransform] = []
  /// The element type in the output.
  var dtype: DType
  /// The shape in the output.
  var shape: Shape

  /// The size in the output in bytes.
  var byteCount: Int { dtype.byteCount(of: shape) ?? 0 }

  /// The elements in the output.
  var elementCount: Int { Int(clamping: shape.elementCount ?? 0) }
}

extension DType {
  /// The size in bytes of a tensor of this type; nil where that is no whole number, or beyond `Int`.
  func byteCount(of shape: Shape) -> Int? {
    shape.elementCount.flatMap(byteCount(elements:)).flatMap(Int.init(exactly:))
  }
}
