// Byte-pair encoding: a word's characters, merged by rank.

/// A byte-pair vocabulary, over bytes or over characters.
struct BytePairModel: Sendable {
  /// How a file describes the model.
  struct Settings: Sendable {
    var unknown: Int32?
    var fusesUnknown = false
    /// Whether characters without a token become their bytes, `<0x0A>`.
    var fallsBackToBytes = false
    /// Whether a whole word that is a token is taken as it is.
    var ignoresMerges = false
    var continuingPrefix: [UInt8] = []
    var endSuffix: [UInt8] = []
    /// Whether symbols are bytes, not characters.
    var isByteLevel = false
  }

  let table: TokenTable
  let pairs: PairTable
  let settings: Settings
  /// Tokens of single bytes, where symbols are bytes; −1 for none.
  private let byteTokens: [Int32]
  /// `<0x00>` to `<0xFF>`; −1 for none.
  private let fallbackTokens: [Int32]
  private let seams: SeamTable?

  init(table: TokenTable, merges: [Merge], settings: Settings) {
    self.table = table
    self.settings = settings
    var pairs = PairTable(count: merges.count)
    for merge in merges {
      pairs.insert(left: merge.left, right: merge.right, rank: merge.rank, merged: merge.merged)
    }
    self.pairs = pairs
    byteTokens = (UInt8.min...UInt8.max).map { table.id([$0]) }
    let fallback = (UInt8.min...UInt8.max).map { table.id(ByteFallback.name(of: $0)) }
    fallbackTokens = fallback
    seams = SeamTable(table: table, merges: merges, settings: settings, fallback: fallback)
  }

  /// Two tokens that become one. Lower ranks go first.
  struct Merge: Sendable {
    let left: Int32
    let right: Int32
    let rank: UInt32
    let merged: Int32
  }

  /// Appends the ids of the word in `range` of `text`.
  func encode(
    _ text: Span<UInt8>, _ range: Range<Int>, _ merger: inout PairMerger, into ids: inout [Int32]
  ) {
    if settings.ignoresMerges {
      let whole = table.id(text, range)
      if whole >= 0 { return ids.append(whole) }
    }
    merger.symbols.removeAll(keepingCapacity: true)
    let isPlain = settings.continuingPrefix.isEmpty && settings.endSuffix.isEmpty
    if settings.isByteLevel, isPlain, settings.unknown == nil {
      // A byte without a token is left out, as the reference does.
      for place in range {
        let id = byteTokens[Int(text[place])]
        if id >= 0 { merger.symbols.append(id) }
      }
    } else {
      appendSymbols(text, range, isPlain: isPlain, to: &merger.symbols)
    }
    merger.merge(pairs)
    ids.append(contentsOf: merger.symbols)
  }

  /// The first place after `start` where the text may be cut without changing a merge; `end` where
  /// there is none.
  func seam(_ text: Span<UInt8>, after start: Int, end: Int) -> Int {
    seams?.next(text, after: start, end: end) ?? end
  }

  /// Whether long words may be cut at all.
  var hasSeams: Bool { seams != nil }

  private func appendSymbols(
    _ text: Span<UInt8>, _ range: Range<Int>, isPlain: Bool, to symbols: inout [Int32]
  ) {
    var pendingUnknown: Int32?
    var place = range.lowerBound
    while place < range.upperBound {
      let length =
        settings.isByteLevel ? 1 : min(text.scalar(at: place).length, range.upperBound - place)
      let end = place + length
      let id =
        isPlain
        ? table.id(text, place..<end)
        : decorated(
          text, place..<end, isFirst: place == range.lowerBound, isLast: end == range.upperBound)
      if id >= 0 {
        if let unknown = pendingUnknown { symbols.append(unknown) }
        pendingUnknown = nil
        symbols.append(id)
      } else if !appendFallback(text, place..<end, to: &symbols), let unknown = settings.unknown {
        if let earlier = pendingUnknown, !settings.fusesUnknown { symbols.append(earlier) }
        pendingUnknown = unknown
      }
      place = end
    }
    if let unknown = pendingUnknown { symbols.append(unknown) }
  }

  private func decorated(
    _ text: Span<UInt8>, _ range: Range<Int>, isFirst: Bool, isLast: Bool
  ) -> Int32 {
    var bytes = isFirst ? [] : settings.continuingPrefix
    for place in range { bytes.append(text[place]) }
    if isLast { bytes += settings.endSuffix }
    return table.id(bytes)
  }

  /// Appends the tokens of a character's bytes, where all of them have one.
  private func appendFallback(
    _ text: Span<UInt8>, _ range: Range<Int>, to symbols: inout [Int32]
  ) -> Bool {
    guard settings.fallsBackToBytes else { return false }
    for place in range where fallbackTokens[Int(text[place])] < 0 { return false }
    for place in range { symbols.append(fallbackTokens[Int(text[place])]) }
    return true
  }
}

/// Names of tokens that stand for a byte.
enum ByteFallback {
  /// `<0x0A>` and its like.
  static func name(of byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 16, uppercase: true)
    return Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)
  }

  /// The byte that `token` stands for; nil where it is not such a name.
  static func byte(of token: [UInt8]) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else {
      return nil
    }
    return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
  }
}
