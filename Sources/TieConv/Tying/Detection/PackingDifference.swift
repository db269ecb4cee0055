// Two matrices that are packed in different ways, and what is known of their numbers.

/// How two packings differ.
struct PackingDifference: Sendable {
  /// The packings in words: of the reference, and of the other.
  let packings: (String, String)
  /// How the numbers compare; nil where they were not compared.
  let comparison: MatrixComparison?

  /// The difference in a sentence that ends with how the numbers compare.
  func described(_ sentence: String?) -> String {
    "packed differently (\(packings.0) against \(packings.1))"
      + (sentence.map { ": \($0)" } ?? "")
  }
}

extension TieJudge.Evidence {
  /// What was measured.
  var comparison: MatrixComparison? {
    switch self {
    case .different(let comparison): comparison
    case .otherPacking(let difference): difference.comparison
    case .equal, .notCompared, .otherShape: nil
    }
  }
}
