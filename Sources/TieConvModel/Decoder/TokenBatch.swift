// What one forward pass reads: several sequences, one after another.

/// Sequences of tokens that are run together. No sequence sees another.
public struct TokenBatch: Sendable, Equatable {
  /// The tokens of all sequences, one after another.
  public let tokens: [Int]
  /// Where each sequence lies in ``tokens``.
  public let sequences: [Range<Int>]

  /// A batch of these sequences; empty ones are left out.
  public init(_ sequences: [[Int]]) {
    tokens = sequences.flatMap { $0 }
    var start = 0
    self.sequences = sequences.filter { !$0.isEmpty }.map { sequence in
      defer { start += sequence.count }
      return start..<start + sequence.count
    }
  }

  /// The tokens in all.
  public var count: Int { tokens.count }
  /// Tokens of the longest sequence.
  var longest: Int { sequences.map(\.count).max() ?? 0 }

  /// For every position the token that follows it in its sequence; nil at a sequence's end.
  var successors: [Int?] {
    var found = [Int?](repeating: nil, count: tokens.count)
    for sequence in sequences {
      for position in sequence.dropLast() { found[position] = tokens[position + 1] }
    }
    return found
  }

  /// For every position its place in its sequence.
  var positions: [Int] { sequences.flatMap { 0..<$0.count } }
}
