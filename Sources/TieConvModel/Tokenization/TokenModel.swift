// The model of a tokenizer: what turns one word into ids.

/// A vocabulary with its way of cutting words.
enum TokenModel: Sendable {
  case bytePair(BytePairModel)
  case unigram(UnigramModel)
  case wordPiece(WordPieceModel)

  /// The vocabulary.
  var table: TokenTable {
    switch self {
    case .bytePair(let model): model.table
    case .unigram(let model): model.table
    case .wordPiece(let model): model.table
    }
  }

  /// Whether the vocabulary's texts are bytes, not the characters that stand for them.
  var isByteLevel: Bool {
    if case .bytePair(let model) = self { model.settings.isByteLevel } else { false }
  }
}

/// Encodes words; remembers the short ones.
struct WordEncoder {
  let model: TokenModel
  private var cache: WordCache
  private var merger = PairMerger()
  private var nodes: [UnigramModel.Node] = []
  private(set) var ids: [Int32] = []
  /// Whether a word held what the vocabulary has no token for, where that is an error.
  private(set) var metUnknown = false
  /// Whether a text grew beyond what can be encoded.
  private(set) var metExcess = false

  /// A word of a vocabulary without word boundaries is cut at seams above this length.
  private static let longWord = 24

  init(_ model: TokenModel, byteCount: Int) {
    self.model = model
    cache = WordCache(byteCount: byteCount)
    ids.reserveCapacity(byteCount / 3)
  }

  mutating func append(id: Int32) { ids.append(id) }

  mutating func append(_ ids: [Int32], metUnknown: Bool) {
    self.ids += ids
    self.metUnknown = self.metUnknown || metUnknown
  }

  mutating func noteExcess() { metExcess = true }

  /// Appends the ids of the pieces.
  mutating func append(_ text: Span<UInt8>, _ pieces: [Piece]) {
    for piece in pieces {
      let range = piece.range
      if case .bytePair(let pairs) = model, range.count > Self.longWord, pairs.hasSeams {
        var start = range.lowerBound
        while start < range.upperBound {
          let end = pairs.seam(text, after: start, end: range.upperBound)
          append(text, start..<end)
          start = end
        }
      } else {
        append(text, range)
      }
    }
  }

  private mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    guard range.count <= WordCache.longestWord else { return encode(text, range) }
    let key = cache.key(text, range)
    if cache.append(key, to: &ids) { return }
    let start = ids.count
    encode(text, range)
    cache.store(key, ids, from: start)
  }

  private mutating func encode(_ text: Span<UInt8>, _ range: Range<Int>) {
    switch model {
    case .bytePair(let model): model.encode(text, range, &merger, into: &ids)
    case .unigram(let model):
      if !model.encode(text, range, &nodes, into: &ids) { metUnknown = true }
    case .wordPiece(let model): model.encode(text, range, into: &ids)
    }
  }
}
