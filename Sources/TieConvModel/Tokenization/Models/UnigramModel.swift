// Unigram language models: the cut of a word whose pieces have the greatest sum of scores.

/// A SentencePiece unigram vocabulary.
struct UnigramModel: Sendable {
  /// What an unknown character costs below the lowest score, as SentencePiece has it.
  private static let unknownPenalty = 10.0

  let table: TokenTable
  private let trie: PieceTrie
  private let scores: [Double]
  private let unknown: Int32?
  private let unknownScore: Double
  private let fusesUnknown = true
  private let fallbackTokens: [Int32]?

  /// - Parameters:
  ///   - table: the vocabulary.
  ///   - scores: a score for each id.
  ///   - unknown: the id for characters that no token has.
  ///   - fallsBackToBytes: whether what is unknown becomes tokens of bytes.
  ///   - lowest: the score that an unknown character's is told from; nil for the lowest of all.
  ///   - isPiece: which ids text is cut into.
  init(
    table: TokenTable, scores: [Double], unknown: Int32?, fallsBackToBytes: Bool,
    lowest: Double? = nil, isPiece: (Int) -> Bool = { _ in true }
  ) {
    self.table = table
    self.scores = scores
    self.unknown = unknown
    unknownScore = (lowest ?? scores.min() ?? 0) - Self.unknownPenalty
    trie = PieceTrie(
      (0..<table.size).compactMap { id in
        isPiece(id) ? table.bytes(id).map { ($0, Int32(id)) } : nil
      })
    fallbackTokens =
      fallsBackToBytes ? (UInt8.min...UInt8.max).map { table.id(ByteFallback.name(of: $0)) } : nil
  }

  /// The best way to a place.
  struct Node: Sendable {
    var score = 0.0
    var start: Int32 = -1
    var id: Int32 = -1
  }

  /// Appends the ids of the word in `range` of `text`; false where it holds an unknown character and
  /// the model has no token for one.
  func encode(
    _ text: Span<UInt8>, _ range: Range<Int>, _ nodes: inout [Node], into ids: inout [Int32]
  ) -> Bool {
    let count = range.count
    nodes.removeAll(keepingCapacity: true)
    nodes.append(contentsOf: repeatElement(Node(), count: count + 1))
    var place = 0
    while place < count {
      let start = range.lowerBound + place
      let length = min(text.scalar(at: start).length, count - place)
      let score = nodes[place].score
      var hasSingle = false
      trie.prefixes(of: text, from: start, end: range.upperBound) { end, id in
        let target = end - range.lowerBound
        let candidate = scores[Int(id)] + score
        if nodes[target].start < 0 || candidate > nodes[target].score {
          nodes[target] = Node(score: candidate, start: Int32(place), id: id)
        }
        if end - start == length { hasSingle = true }
      }
      if !hasSingle {
        let candidate = unknownScore + score
        guard let unknown else { return false }
        if nodes[place + length].start < 0 || candidate > nodes[place + length].score {
          nodes[place + length] = Node(score: candidate, start: Int32(place), id: unknown)
        }
      }
      place += length
    }
    appendPath(text, range, nodes, to: &ids)
    return true
  }

  private func appendPath(
    _ text: Span<UInt8>, _ range: Range<Int>, _ nodes: [Node], to ids: inout [Int32]
  ) {
    var pieces: [(Range<Int>, Int32)] = []
    var end = range.count
    while end > 0 {
      let node = nodes[end]
      guard node.start >= 0 else { break }
      let piece = range.lowerBound + Int(node.start)..<range.lowerBound + end
      if node.id == unknown, let last = pieces.last, last.1 == unknown, fusesUnknown {
        pieces[pieces.count - 1].0 = piece.lowerBound..<last.0.upperBound
      } else {
        pieces.append((piece, node.id))
      }
      end = Int(node.start)
    }
    for (piece, id) in pieces.reversed() {
      if id == unknown { appendUnknown(text, piece, to: &ids) } else { ids.append(id) }
    }
  }

  /// Pieces are looked up by their text again, as the reference does: of equal texts the last has
  /// the id, and a run of unknown characters may be a token.
  private func appendUnknown(
    _ text: Span<UInt8>, _ piece: Range<Int>, to ids: inout [Int32]
  ) {
    let whole = table.id(text, piece)
    if whole >= 0 { return ids.append(whole) }
    if let fallbackTokens, piece.allSatisfy({ fallbackTokens[Int(text[$0])] >= 0 }) {
      for place in piece { ids.append(fallbackTokens[Int(text[place])]) }
    } else if let unknown {
      ids.append(unknown)
    }
  }
}
