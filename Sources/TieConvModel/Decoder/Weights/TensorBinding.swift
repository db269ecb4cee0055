// Which stored tensor is which part of which parameter.

/// A tensor of the checkpoint and its place in a parameter.
struct TensorBinding: Sendable, Equatable {
  /// How the tensor's elements lie in the parameter.
  enum Placement: Sendable, Equatable {
    /// The tensor's rows are the parameter's rows from this one on.
    case rows(from: Int)
    /// The tensor is the parameter's transpose (GPT-2's Conv1D).
    case transposed
    /// The tensor's rows are head by head the query's, the key's and the value's; the parameter
    /// has all queries first (GPT-NeoX).
    case interleaved(heads: Int, headSize: Int)
  }

  /// The tensor's name.
  let name: String
  /// The parameter.
  let key: ParameterKey
  /// The tensor's shape.
  let shape: [Int]
  /// Its place.
  let placement: Placement

  /// The parameter's row that the tensor's row `row` is.
  func parameterRow(_ row: Int) -> Int {
    switch placement {
    case .rows(let first): return first + row
    case .transposed: return row
    case .interleaved(let heads, let size):
      let (head, rest) = row.quotientAndRemainder(dividingBy: 3 * size)
      let (part, offset) = rest.quotientAndRemainder(dividingBy: size)
      return (part * heads + head) * size + offset
    }
  }

  /// The tensor as rows of the parameter: a vector has one element a row.
  var extent: (rows: Int, columns: Int) {
    key.role.isVector ? (shape.reduce(1, *), 1) : (shape[0], shape[1])
  }
}
