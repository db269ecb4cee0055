// The divergence of two distributions whose logits arrive in blocks.

internal import TieConvKernels

/// KL(A ‖ B) of one position, its greatest logit difference, and both most likely tokens.
struct RowDivergence: Sendable {
  private var a = RowLoss()
  private var b = RowLoss()
  /// Σ exp(a − maximum of a) · (a − b), rescaled whenever the maximum moves.
  private var weighted = 0.0
  private(set) var maxAbsDiff = 0.0
  private(set) var topA = 0
  private(set) var topB = 0
  private var bestA = -Float.infinity
  private var bestB = -Float.infinity

  /// Σ p (log p − log q) = Σ p (a − b) − log Σ exp a + log Σ exp b; never below 0 but by rounding.
  var divergence: Double {
    let value = weighted / Double(a.sum) - a.logSum + b.logSum
    return value.isNaN ? value : max(0, value)
  }

  /// Takes in a block of both; the logits become meaningless.
  mutating func take(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ tokens: Range<Int>,
    differences: UnsafeMutablePointer<Float>
  ) {
    let n = tokens.count
    for i in 0..<n {
      let d = unsafe x[i] - y[i]
      unsafe differences[i] = d
      // A NaN difference is the greatest of all.
      if !(Double(abs(d)) <= maxAbsDiff) { maxAbsDiff = Double(abs(d)) }
      if unsafe x[i] > bestA { unsafe (bestA, topA) = (x[i], tokens.lowerBound + i) }
      if unsafe y[i] > bestB { unsafe (bestB, topB) = (y[i], tokens.lowerBound + i) }
    }
    let factor = unsafe Vectors.softmaxStep(x, n, maximum: &a.maximum, sum: &a.sum)
    _ = unsafe Vectors.softmaxStep(y, n, maximum: &b.maximum, sum: &b.sum)
    var added = 0.0
    for i in 0..<n { added += unsafe Double(x[i]) * Double(differences[i]) }
    weighted = weighted * Double(factor) + added
  }
}

/// The running divergences of a block of rows, each of which one thread at a time works on.
@safe final class RowDivergences: @unchecked Sendable {
  private let pairs: UnsafeMutableBufferPointer<RowDivergence>

  init(count: Int) {
    unsafe pairs = .allocate(capacity: count)
    unsafe pairs.initialize(repeating: RowDivergence())
  }

  deinit { unsafe pairs.deallocate() }

  func take(
    _ row: Int, _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>,
    _ tokens: Range<Int>
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: tokens.count) { scratch in
      guard let differences = scratch.baseAddress else { return }
      unsafe pairs[row].take(x, y, tokens, differences: differences)
    }
  }

  var all: [RowDivergence] { unsafe Array(pairs) }
}
