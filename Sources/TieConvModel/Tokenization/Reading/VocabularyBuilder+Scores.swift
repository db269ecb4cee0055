// Vocabularies whose scores say what goes first: SentencePiece's, and BERT's without any.

internal import TieConv

extension VocabularyBuilder {
  /// SentencePiece's byte pairs: any two neighbours that make a token merge, best score first.
  func sentencePiece() throws(TokenizerError) -> Tokenizer {
    guard !vocabulary.scores.isEmpty else { throw TokenizerError(.malformed, "no scores") }
    let table = plainTable()
    var settings = BytePairModel.Settings()
    settings.fallsBackToBytes = true
    settings.fusesUnknown = true
    settings.unknown = Int32(vocabulary.unknown ?? 0)
    let model = BytePairModel(table: table, merges: scoredMerges(table), settings: settings)
    let hasPrefix = vocabulary.addsSpacePrefix ?? true
    var normalizers: [Normalizer] = [.replace(.literal([0x20]), Self.metaspace)]
    if hasPrefix { normalizers.insert(.prepend(Self.metaspace), at: 0) }
    var decoders: [TokenDecoder] = [
      .replace(.literal(Self.metaspace), [0x20]), .byteFallback, .fuse,
    ]
    if hasPrefix { decoders.append(.strip(character: [0x20], start: 1, stop: 0)) }
    return make(
      .bytePair(model), normalizers, [], decoders,
      prefix: vocabulary.addsBeginningOfSequence ?? true
        ? vocabulary.beginningOfSequence ?? 1 : nil,
      suffix: vocabulary.addsEndOfSequence == true ? vocabulary.endOfSequence : nil)
  }

  /// Every cut of every token into two tokens, ranked by the token's score.
  private func scoredMerges(_ table: TokenTable) -> [BytePairModel.Merge] {
    let order = vocabulary.scores.indices.sorted {
      (-vocabulary.scores[$0], $0) < (-vocabulary.scores[$1], $1)
    }
    var merges: [BytePairModel.Merge] = []
    var rank: UInt32 = 0
    var lastScore = vocabulary.scores[order[0]]
    for id in order {
      if vocabulary.scores[id] != lastScore { rank += 1 }
      lastScore = vocabulary.scores[id]
      let type = type(id)
      guard type == .normal || type == .userDefined || type == .unused else { continue }
      // The longest tokens are runs of spaces; beyond that a token has too many cuts to try.
      guard vocabulary.tokens[id].count <= 1024 else { continue }
      let token = vocabulary.tokens[id]
      for cut in token.indices.dropFirst() where token[cut] & 0xC0 != 0x80 {
        let left = table.id(token.span, 0..<cut)
        let right = table.id(token.span, cut..<token.count)
        let merged = table.id(token)
        if left >= 0, right >= 0, merged == Int32(id) {
          merges.append(
            BytePairModel.Merge(left: left, right: right, rank: rank, merged: merged))
        }
      }
    }
    return merges
  }

  /// SentencePiece's unigrams, with llama.cpp's defaults for what a file does not say.
  func unigram() throws(TokenizerError) -> Tokenizer {
    guard !vocabulary.scores.isEmpty else { throw TokenizerError(.malformed, "no scores") }
    var map: PrecompiledCharsmap?
    if !vocabulary.precompiledCharsmap.isEmpty {
      map = PrecompiledCharsmap(vocabulary.precompiledCharsmap)
      guard map != nil else { throw TokenizerError(.malformed, "a damaged character map") }
    }
    let normalizer = SentencePieceNormalizer(
      map: map, addsPrefix: vocabulary.addsSpacePrefix ?? false,
      mergesSpaces: vocabulary.removesExtraSpaces ?? false)
    // Where no piece reaches into the next word, words can be looked at one by one.
    let isByWord = !vocabulary.tokens.indices.contains {
      isPiece($0)
        && vocabulary.tokens[$0].reachesIntoNextWord(whereSpacesMerge: normalizer.mergesSpaces)
    }
    let words = Splitter(finder: .literal(Self.metaspace), behavior: .mergedWithNext)
    let unknown = vocabulary.unknown ?? 2
    let end = vocabulary.endOfSequence ?? 1
    guard vocabulary.tokens.indices.contains(max(unknown, end)) else {
      throw TokenizerError(.malformed, "no token for what is unknown, or for the end")
    }
    return make(
      .unigram(pieces(unknown: unknown)), [.sentencePiece(normalizer)],
      isByWord ? [.split(words)] : [],
      [
        .metaspace(
          replacement: Self.metaspace,
          dropsFirst: normalizer.addsPrefix || normalizer.mergesSpaces)
      ],
      prefix: vocabulary.addsBeginningOfSequence == true ? vocabulary.beginningOfSequence : nil,
      suffix: vocabulary.addsEndOfSequence ?? true ? end : nil)
  }

  /// Whether text is cut into the token: those for control, bytes and what is unknown are not found.
  private func isPiece(_ id: Int) -> Bool {
    switch type(id) {
    case .normal, .userDefined, .unused: true
    default: false
    }
  }

  private func pieces(unknown: Int) -> UnigramModel {
    var table = TokenTable(count: vocabulary.tokens.count)
    var lowest = Double.infinity
    var scores = vocabulary.scores.map(Double.init)
    for (id, token) in vocabulary.tokens.enumerated() {
      table.insert(token[...], id: id, isFound: isPiece(id))
      if type(id) == .normal { lowest = min(lowest, scores[id]) }
      // What a user defined is taken whatever it scores.
      if type(id) == .userDefined { scores[id] = 0 }
    }
    return UnigramModel(
      table: table, scores: scores, unknown: Int32(unknown), fallsBackToBytes: false,
      lowest: lowest.isFinite ? lowest : nil, isPiece: isPiece)
  }

  /// BERT's vocabulary, which GGUF spells with a metaspace before words instead of "##" within them.
  func wordPiece() throws(TokenizerError) -> Tokenizer {
    let prefix = Array("##".utf8)
    var table = TokenTable(count: vocabulary.tokens.count)
    for (id, token) in vocabulary.tokens.enumerated() {
      if token.starts(with: Self.metaspace) {
        table.insert(token[Self.metaspace.count...], id: id)
      } else if type(id) == .normal {
        table.insert((prefix + token)[...], id: id)
      } else {
        table.insert(token[...], id: id)
      }
    }
    let model = WordPieceModel(
      table: table, unknown: Int32(vocabulary.unknown ?? 100), continuingPrefix: prefix,
      longestWord: 100)
    return make(
      .wordPiece(model), [.bert(BertNormalizer())],
      [
        .split(Splitter(finder: .scalars(.whiteSpace), behavior: .removed)),
        StepReader.isolated(.scalars(.punctuation)),
      ],
      [.wordPiece(prefix: prefix, cleansUp: true)],
      prefix: vocabulary.addsBeginningOfSequence ?? true
        ? vocabulary.classification ?? vocabulary.beginningOfSequence : nil,
      suffix: vocabulary.addsSeparator ?? vocabulary.addsEndOfSequence ?? true
        ? vocabulary.separator ?? vocabulary.endOfSequence : nil)
  }
}
