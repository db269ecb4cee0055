// A difference in words: which rows, and what they are.

/// Says what the rows are in which an embedding and a head differ.
struct DifferenceExplanation: Sendable {
  let comparison: MatrixComparison
  let tokenizer: TokenizerSummary?
  let vocabularySize: Int?

  /// The explanation in one sentence; nil where the two are equal.
  var sentence: String? {
    if comparison.isDequantized, comparison.isEqual { return "equal after dequantization" }
    let parts = [shape, cast, scale, rows, packing].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    return (comparison.isDequantized ? "after dequantization " : "")
      + parts.joined(separator: "; ")
  }

  private var shape: String? {
    let (embedding, head) = comparison.rows
    guard embedding != head else { return nil }
    let (longer, shorter) = embedding > head ? (embedding, head) : (head, embedding)
    let side = embedding > head ? "embedding" : "head"
    let extra = kind(of: shorter..<longer).map { ": \($0)" } ?? ""
    return "the \(side) has \(longer - shorter) rows more (\(longer) against \(shorter))\(extra)"
  }

  private var cast: String? {
    switch comparison.cast {
    case .exact(let dtype): "all numbers are equal after an exact cast to \(dtype.rawValue)"
    case .rounded(let dtype): "one side is the other rounded to \(dtype.rawValue)"
    case .sameNumbers: "all numbers are equal; only signs of zero or NaN payloads differ"
    case .dequantized: "all numbers are equal after dequantization, the stored bytes are not"
    case nil: nil
    }
  }

  /// Below this relative difference two packed matrices are taken for one, packed twice: the
  /// coarsest 2-bit types keep a weight matrix to within three tenths or so.
  private static let packingError = 0.35

  private var packing: String? {
    guard let difference = comparison.relativeDifference, comparison.cast == nil,
      comparison.differingRows.count == comparison.commonRows, difference < Self.packingError
    else { return nil }
    return "the relative difference is \(Self.short(difference)): perhaps one matrix, packed twice"
  }

  private var scale: String? {
    comparison.scale.map { "the head is \(Self.short($0)) times the embedding" }
  }

  private var rows: String? {
    guard comparison.cast == nil, comparison.scale == nil else { return nil }
    let differing = comparison.differingRows
    guard differing.count > 0 else {
      return comparison.rows.embedding != comparison.rows.head
        ? "all \(comparison.commonRows) common rows are equal" : nil
    }
    let most = comparison.maxAbsDiff.map { " (by at most \(Self.short($0)))" } ?? ""
    if differing.count == comparison.commonRows {
      return "all \(differing.count) rows differ\(most)"
    }
    let names = differing.ranges.count == 1 ? kind(of: differing.ranges[0]).map { ": \($0)" } : nil
    return "\(differing.count == 1 ? "row" : "rows") \(differing.described()) "
      + "\(differing.count == 1 ? "differs" : "differ")\(most)\(names ?? ""); all others are equal"
  }

  /// What the tokens of `rows` are; nil where nothing is known about them.
  private func kind(of rows: Range<Int>) -> String? {
    if let tokenizer {
      // A table may have more rows than anybody can walk through.
      let isFew = rows.count <= tokenizer.added.count
      let added = isFew ? rows.filter { tokenizer.added[$0] != nil } : []
      if isFew, added.count == rows.count {
        let names = added.prefix(3).compactMap { tokenizer.added[$0] }.map(TextSafety.escaped)
        let more = added.count > 3 ? ", …" : ""
        return "\(added.count) added token\(added.count == 1 ? "" : "s") "
          + "(\(names.joined(separator: ", "))\(more))"
      }
      if rows.lowerBound >= tokenizer.size {
        return "padding beyond the tokenizer's \(tokenizer.size) tokens"
      }
    }
    if let vocabularySize, rows.lowerBound >= vocabularySize {
      return "padding beyond vocab_size \(vocabularySize)"
    }
    return nil
  }

  /// A number with as many digits as a reader needs.
  static func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1000 && scale < 1e12 { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
