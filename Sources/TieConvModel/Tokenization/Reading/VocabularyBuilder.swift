// From a GGUF vocabulary to a tokenizer.

public import TieConv

extension Tokenizer {
  /// Makes the tokenizer that a GGUF file's metadata describes.
  ///
  /// - Parameters:
  ///   - vocabulary: the metadata.
  ///   - file: the name for messages.
  /// - Throws: `invalidTokenizer` where lists contradict each other, `unsupportedFormat` for a model
  ///   or pre-tokenizer unknown to this version.
  public init(
    _ vocabulary: TokenizerVocabulary, file: String = "tokenizer"
  ) throws(CheckpointError) {
    do throws(TokenizerError) {
      self = try VocabularyBuilder(vocabulary, source: file).tokenizer()
    } catch {
      throw CheckpointError(error, file: file)
    }
  }
}

/// Makes a tokenizer of a vocabulary.
struct VocabularyBuilder {
  let vocabulary: TokenizerVocabulary
  let source: String
  static let metaspace = Array("\u{2581}".utf8)

  init(_ vocabulary: TokenizerVocabulary, source: String) throws(TokenizerError) {
    let count = vocabulary.tokens.count
    guard count > 0, count < 1 << 24 else {
      throw TokenizerError(.malformed, "a vocabulary of \(count) tokens")
    }
    for (name, other) in [("scores", vocabulary.scores.count), ("types", vocabulary.types.count)]
    where other != 0 && other != count {
      throw TokenizerError(.malformed, "\(other) \(name) for \(count) tokens")
    }
    for id in [
      vocabulary.beginningOfSequence, vocabulary.endOfSequence, vocabulary.unknown,
      vocabulary.classification, vocabulary.separator,
    ] {
      if let id, !(0..<count).contains(id) {
        throw TokenizerError(.malformed, "the special id \(id) in a vocabulary of \(count)")
      }
    }
    guard vocabulary.scores.allSatisfy(\.isFinite) else {
      throw TokenizerError(.malformed, "a score that is no number")
    }
    self.vocabulary = vocabulary
    self.source = source
  }

  func tokenizer() throws(TokenizerError) -> Tokenizer {
    switch vocabulary.model {
    case "gpt2": try bytePair()
    case "llama": try sentencePiece()
    case "gemma4": try linePair()
    case "bert": try wordPiece()
    case "t5": try unigram()
    default: throw TokenizerError(.unsupported, "the model \"\(vocabulary.model)\"")
    }
  }

  func type(_ id: Int) -> TokenizerVocabulary.TokenType? {
    vocabulary.types.isEmpty ? .normal : .init(rawValue: vocabulary.types[id])
  }

  func make(
    _ model: TokenModel, _ normalizers: [Normalizer], _ stages: [PreTokenizer],
    _ decoders: [TokenDecoder], prefix: Int?, suffix: Int?
  ) -> Tokenizer {
    let special = vocabulary.tokens.indices.compactMap { id -> AddedToken? in
      let type = type(id)
      guard type == .control || type == .userDefined || type == .unknown,
        !vocabulary.tokens[id].isEmpty
      else { return nil }
      return AddedToken(
        content: vocabulary.tokens[id], id: Int32(id), isSpecial: type != .userDefined)
    }
    return Tokenizer(
      model: model, normalizers: normalizers, preTokenizers: stages, decoders: decoders,
      addedTokens: special, prefix: prefix.map { [Int32($0)] } ?? [],
      suffix: suffix.map { [Int32($0)] } ?? [], source: source)
  }

  private func bytePair() throws(TokenizerError) -> Tokenizer {
    let name = vocabulary.preTokenizer ?? "default"
    guard let rules = GGUFPreTokenizer(name: name) else {
      throw TokenizerError(.unsupported, "the pre-tokenizer \"\(name)\"")
    }
    var table = TokenTable(count: vocabulary.tokens.count)
    for (id, token) in vocabulary.tokens.enumerated() {
      let bytes = ByteAlphabet.decoded(token[...])
      table.insert(bytes.map { $0[...] } ?? token[...], id: id, isFound: bytes != nil)
    }
    var settings = BytePairModel.Settings()
    settings.isByteLevel = true
    settings.ignoresMerges = rules.ignoresMerges
    let model = BytePairModel(
      table: table, merges: try merges(table, isByteLevel: true), settings: settings)
    var stages: [PreTokenizer] = []
    for cut in rules.cuts {
      switch cut {
      case .pattern(let pattern):
        stages.append(StepReader.isolated(.pattern(try StepReader.program(pattern))))
      case .digits:
        stages.append(StepReader.isolated(.scalars(.number)))
      }
    }
    let adds = vocabulary.addsBeginningOfSequence ?? GGUFPreTokenizer.addsBOS(name)
    return make(
      .bytePair(model), [], stages, [.byteLevel],
      prefix: adds ? vocabulary.beginningOfSequence : nil,
      suffix: vocabulary.addsEndOfSequence == true ? vocabulary.endOfSequence : nil)
  }

  /// The listed merges, by rank.
  private func merges(
    _ table: TokenTable, isByteLevel: Bool
  ) throws(TokenizerError) -> [BytePairModel.Merge] {
    var merges: [BytePairModel.Merge] = []
    merges.reserveCapacity(vocabulary.merges.count)
    for (rank, merge) in vocabulary.merges.enumerated() {
      // Not the first byte: a part may start with a space.
      guard let space = merge.dropFirst().firstIndex(of: 0x20) else {
        throw TokenizerError(.malformed, "merge \(rank) without a space between its parts")
      }
      var parts = [merge[..<space], merge[(space + 1)...]].map { Array($0) }
      if isByteLevel { parts = parts.map { ByteAlphabet.decoded($0[...]) ?? [] } }
      let ids = (table.id(parts[0]), table.id(parts[1]), table.id(parts[0] + parts[1]))
      guard ids.0 >= 0, ids.1 >= 0, ids.2 >= 0 else {
        throw TokenizerError(
          .malformed, "merge \(rank) names a token that is not in the vocabulary")
      }
      merges.append(
        BytePairModel.Merge(left: ids.0, right: ids.1, rank: UInt32(rank), merged: ids.2))
    }
    return merges
  }

  /// Byte pairs over the characters of whole lines, with listed merges.
  private func linePair() throws(TokenizerError) -> Tokenizer {
    let table = plainTable()
    var settings = BytePairModel.Settings()
    settings.fallsBackToBytes = true
    settings.fusesUnknown = true
    settings.unknown = vocabulary.unknown.map { Int32($0) }
    let model = BytePairModel(
      table: table, merges: try merges(table, isByteLevel: false), settings: settings)
    return make(
      .bytePair(model), [.replace(.literal([0x20]), Self.metaspace)],
      [StepReader.isolated(.pattern(try StepReader.program(SplitPattern.lines)))],
      [.replace(.literal(Self.metaspace), [0x20]), .byteFallback],
      prefix: vocabulary.addsBeginningOfSequence ?? true ? vocabulary.beginningOfSequence : nil,
      suffix: vocabulary.addsEndOfSequence == true ? vocabulary.endOfSequence : nil)
  }

  func plainTable() -> TokenTable {
    var table = TokenTable(count: vocabulary.tokens.count)
    for (id, token) in vocabulary.tokens.enumerated() { table.insert(token[...], id: id) }
    return table
  }
}
