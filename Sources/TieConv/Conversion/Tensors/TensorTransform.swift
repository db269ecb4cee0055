// What may happen to a matrix between two formats, each step the exact inverse of another one.

/// One step from a stored tensor to a written one, in terms of rows (the first dimension).
enum TensorTransform: Sendable, Equatable {
  /// Only these rows.
  case rows(Range<Int>)
  /// The rows, seen as outer × first × second × inner, with the two middle axes swapped: rotary
  /// halves interleaved or parted again, query, key and value parted by head or by kind.
  case swapRows(outer: Int, first: Int, second: Int, inner: Int)
  /// Rows become columns.
  case transpose
  /// A constant added to every element, in F32.
  case add(Float)
}

extension TensorTransform {
  /// llama's rotary layout: Hugging Face stores a head's two halves one after the other, GGUF
  /// stores them pairwise.
  static func interleavedHalves(heads: Int, rows: Int) -> TensorTransform? {
    guard heads > 0, rows % (2 * heads) == 0 else { return nil }
    return .swapRows(outer: heads, first: 2, second: rows / heads / 2, inner: 1)
  }

  /// From query, key and value of one head after another to all queries, all keys, all values.
  static func partedByKind(heads: Int, rows: Int) -> TensorTransform? {
    guard heads > 0, rows % (3 * heads) == 0 else { return nil }
    return .swapRows(outer: 1, first: heads, second: 3, inner: rows / heads / 3)
  }

  /// The step that undoes this one; nil where rows were given up.
  var inverse: TensorTransform? {
    switch self {
    case .rows: nil
    case .swapRows(let outer, let first, let second, let inner):
      .swapRows(outer: outer, first: second, second: first, inner: inner)
    case .transpose: .transpose
    case .add(let constant): .add(-constant)
    }
  }
}
