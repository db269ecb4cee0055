// What happens to a product on its way into the target.

/// Work on a product while it is still in the cache.
@safe package enum ProductEpilogue: @unchecked Sendable {
  case none
  /// Adds bias[j] to column j, after scaling and accumulating.
  case bias(UnsafeBufferPointer<Float>)
}
