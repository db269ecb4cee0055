// Gradients under the names, and in the shapes, of the checkpoint's tensors.

internal import TieConvKernels

extension DecoderGradients {
  /// The gradient of a tensor, in the order in which the tensor is stored; nil where it was not
  /// computed. A table with both roles gets the sum of both.
  func values(of binding: TensorBinding, isTied: Bool) -> [Float]? {
    switch binding.key.role {
    case .embedding:
      guard isTied, input !== output else { return rows(of: input) }
      return zip(rows(of: input), rows(of: output)).map { $0 + $1 }
    case .head: return rows(of: output)
    default: break
    }
    guard let matrix = parameters[binding.key] else { return nil }
    let (rows, columns) = binding.extent
    var values = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let place =
          binding.placement == .transposed
          ? column * matrix.columns + row : binding.parameterRow(row) * columns + column
        values[row * columns + column] = unsafe matrix.elements[place]
      }
    }
    return values
  }

  private func rows(of table: any TableGradient) -> [Float] {
    (0..<table.rows).flatMap { table.row($0).map(Float.init) }
  }
}
