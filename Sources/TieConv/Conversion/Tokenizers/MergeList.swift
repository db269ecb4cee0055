// The merges that a SentencePiece vocabulary implies: every way to make a piece of two others, the
// best piece first (as transformers' generate_merges orders them).

/// Makes merges out of pieces and scores.
struct MergeList {
  /// The merges, best first.
  let merges: [(first: String, second: String)]

  init(_ tokenizer: GGUFTokenizer, family: ModelFamily, text: (Int) -> String) {
    let isPiece = tokenizer.types.map { $0 == .normal || $0 == .userDefined }
    let texts = tokenizer.tokens.indices.map { isPiece[$0] ? Array(text($0).utf8) : [] }
    var ids: [TokenText: Int] = [:]
    ids.reserveCapacity(texts.count)
    for (id, bytes) in texts.enumerated() where !bytes.isEmpty { ids[TokenText(bytes)] = id }
    // Gemma's scores do not follow its merges; the order of its pieces does.
    let isOrdered = family.modelType.hasPrefix("gemma")
    var found: [Candidate] = []
    for (id, bytes) in texts.enumerated() where bytes.count > 1 {
      let score = isOrdered ? Float(-id) : tokenizer.scores?[id] ?? 0
      var own: [Candidate] = []
      for split in 1..<bytes.count where bytes[split] & 0xC0 != 0x80 {
        guard let first = ids[TokenText(bytes[..<split])],
          let second = ids[TokenText(bytes[split...])]
        else { continue }
        own.append(
          Candidate(
            first: first, second: second, score: score,
            lengths: (Self.length(bytes[..<split]), Self.length(bytes[split...])),
            order: found.count + own.count))
      }
      own.sort { ($0.first, $0.second) < ($1.first, $1.second) }
      for place in own.indices { own[place].order = found.count + place }
      found += own
    }
    found.sort { $0.precedes($1) }
    merges = found.map {
      (
        String(decoding: texts[$0.first], as: UTF8.self),
        String(decoding: texts[$0.second], as: UTF8.self)
      )
    }
  }

  private struct Candidate {
    let first: Int
    let second: Int
    let score: Float
    let lengths: (Int, Int)
    var order: Int

    func precedes(_ other: Candidate) -> Bool {
      if score != other.score { return score > other.score }
      if lengths.0 != other.lengths.0 { return lengths.0 > other.lengths.0 }
      if lengths.1 != other.lengths.1 { return lengths.1 > other.lengths.1 }
      return order < other.order
    }
  }

  /// Characters, which is to say bytes that do not continue one.
  private static func length(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
  }
}
