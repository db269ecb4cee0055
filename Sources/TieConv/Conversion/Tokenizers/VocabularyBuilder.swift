// From the tokenizer files of a folder to a GGUF vocabulary.

/// Builds the vocabulary of a model with `rows` rows in its embedding.
struct VocabularyBuilder {
  let files: TokenizerFiles
  let rows: Int

  func vocabulary() throws(CheckpointError) -> GGUFVocabulary {
    if let definition = files.definition {
      try checkSize(definition.size)
      if definition.kind == "BPE", !definition.hasByteFallback {
        return try byteLevel(definition)
      }
    }
    if let model = files.sentencePiece { return try sentencePiece(model) }
    guard let definition = files.definition else {
      throw CheckpointError(
        .invalidTokenizer, file: files.folder, "no tokenizer here",
        hint: "a GGUF file carries its tokenizer: add tokenizer.json or tokenizer.model")
    }
    switch definition.kind {
    case "BPE": return try mergedPieces(definition)
    case "Unigram": return try scoredPieces(definition)
    default:
      throw CheckpointError(
        .unsupportedFormat, file: files.path("tokenizer.json"),
        "a tokenizer of type \(definition.kind) cannot be converted", expected: "BPE or Unigram")
    }
  }

  private func checkSize(_ size: Int) throws(CheckpointError) {
    guard size <= rows else {
      throw CheckpointError(
        .conflict, file: files.folder, "the tokenizer has more tokens than the embedding has rows",
        found: "\(size)", expected: "at most \(rows)",
        hint: "resize the embedding, or take the tokenizer that belongs to it")
    }
  }

  // MARK: Byte-level BPE

  private func byteLevel(
    _ definition: TokenizerDefinition
  ) throws(CheckpointError) -> GGUFVocabulary {
    let cleans = files.config?["clean_up_tokenization_spaces"]?.bool ?? false
    guard let name = GGUFPreTokenizer(definition)?.ggufName(cleansSpaces: cleans) else {
      throw CheckpointError(
        .unsupportedFormat, file: files.path("tokenizer.json"),
        "llama.cpp has no name for this pre-tokenizer", found: spelled(definition),
        hint: "text would be split otherwise there, and the model would read other tokens")
    }
    var result = GGUFVocabulary(model: "gpt2", pre: name, size: rows, hasScores: false)
    for (text, id) in definition.vocabulary { result.set(id, text, .normal) }
    for token in definition.addedTokens { result.setAdded(token) }
    result.merges = definition.merges.map { "\(Self.shown($0.first)) \(Self.shown($0.second))" }
    return result
  }

  private func spelled(_ definition: TokenizerDefinition) -> String {
    guard let node = definition.preTokenizer else { return "none" }
    let nodes = node["pretokenizers"]?.elements ?? [node]
    let steps = nodes.map { step in
      (step["type"]?.string ?? "?") + (step["pattern"]?["Regex"]?.string.map { " \($0)" } ?? "")
    }
    let merges = definition.ignoresMerges ? ", ignore_merges" : ""
    return steps.joined(separator: ", ") + merges
  }

  /// Merges are parted by a space, so one within a part is written in the byte alphabet.
  private static func shown(_ part: ArraySlice<UInt8>) -> String {
    let text = String(decoding: part, as: UTF8.self)
    return part.contains(0x20) ? text.replacing(mark: " ", with: "\u{120}") : text
  }

  // MARK: SentencePiece

  private func sentencePiece(_ model: SentencePieceModel) throws(CheckpointError) -> GGUFVocabulary
  {
    try checkSize(model.pieces.count)
    if model.kind == .unigram, let odd = model.unsupportedRule {
      throw refusal(odd, in: "tokenizer.model")
    }
    var result = GGUFVocabulary(
      model: model.kind == .unigram ? "t5" : "llama", pre: "default", size: rows, hasScores: true)
    for (id, piece) in model.pieces.enumerated() {
      let type = GGUFVocabulary.TokenType(rawValue: Int32(piece.type.rawValue)) ?? .normal
      // The converter leaves user-defined pieces normal, and finds them among the added tokens.
      result.set(id, piece.text, type == .userDefined ? .normal : type, score: piece.score)
      if type == .unknown { result.unknownID = id }
    }
    for token in files.addedTokens { result.setAdded(token, score: -1000) }
    if let flag = files.config?["add_prefix_space"]?.bool {
      result.addsSpacePrefix = flag
    } else if !model.addsDummyPrefix {
      result.addsSpacePrefix = false
    }
    if model.kind == .unigram {
      result.addsSpacePrefix = model.addsDummyPrefix
      result.removesExtraWhitespace = model.removesExtraWhitespace
      result.charactersMap = model.charactersMap
    }
    return result
  }

  private func refusal(_ reason: String, in name: String) -> CheckpointError {
    CheckpointError(
      .unsupportedFormat, file: files.path(name), "llama.cpp would cut text otherwise",
      found: TensorName.escaped(reason),
      hint: name == "tokenizer.json"
        ? "the tokenizer.model that it was made from is taken first, where it is there"
        : "the model would read other tokens")
  }

  /// BPE with byte tokens out of a tokenizer.json: SentencePiece's, with merges for scores, where
  /// joining by score ends in the same pieces.
  private func mergedPieces(_ definition: TokenizerDefinition) throws(CheckpointError)
    -> GGUFVocabulary
  {
    var result = GGUFVocabulary(model: "llama", pre: "default", size: rows, hasScores: true)
    do throws(SpaceSteps.Unknown) {
      let steps = try Self.plainSteps(definition)
      let merges = try PieceMerges(definition)
      for (text, id) in definition.vocabulary {
        let isUnknown = definition.unknownToken?.hasSameBytes(as: text) == true
        let type: GGUFVocabulary.TokenType =
          text.isByteToken ? .byte : isUnknown ? .unknown : .normal
        let score = merges.scores[id] ?? (type == .normal ? -1_000_000 : 0)
        result.set(id, text, type, score: score)
        if isUnknown { result.unknownID = id }
      }
      result.addsSpacePrefix = steps.prefix == .none ? false : nil
      result.notes = steps.notes
    } catch { throw refusal(error.name, in: "tokenizer.json") }
    for token in definition.addedTokens { result.setAdded(token, score: -1000) }
    return result
  }

  /// llama.cpp does nothing to a text but mark its spaces.
  private static func plainSteps(
    _ definition: TokenizerDefinition
  ) throws(SpaceSteps.Unknown) -> SpaceSteps {
    let steps = try SpaceSteps(definition)
    guard !definition.ignoresMerges else { throw SpaceSteps.Unknown(name: "ignore_merges") }
    guard steps.charactersMap.isEmpty, !steps.mergesSpaces, !steps.dropsTrailing,
      !steps.dropsLeading, !steps.dropsTrailingSpaces, !steps.partsAtWhiteSpace
    else { throw SpaceSteps.Unknown(name: "a normalizer") }
    let added = Set(definition.addedTokens.map(\.id))
    let reaching = definition.vocabulary.first { text, id in
      steps.splitsWords && !added.contains(id)
        && Array(text.utf8).reachesIntoNextWord(whereSpacesMerge: false)
    }
    if let reaching {
      throw SpaceSteps.Unknown(
        name: "words looked at one by one, and a piece of two (\(reaching.text))")
    }
    return steps
  }

  /// A unigram model out of a tokenizer.json.
  private func scoredPieces(_ definition: TokenizerDefinition) throws(CheckpointError)
    -> GGUFVocabulary
  {
    let rules: UnigramRules
    do throws(SpaceSteps.Unknown) { rules = try UnigramRules(definition) } catch {
      throw refusal(error.name, in: "tokenizer.json")
    }
    var result = GGUFVocabulary(model: "t5", pre: "default", size: rows, hasScores: true)
    result.unknownID = definition.unknownID
    for ((text, id), score) in zip(definition.vocabulary, definition.scores) {
      // Texts of bytes and of control tokens are not found in text.
      result.set(
        id, text, id == definition.unknownID ? .unknown : .normal, score: Float(score))
    }
    for token in definition.addedTokens where token.id != definition.unknownID {
      result.setAdded(token, score: 0)
    }
    result.addsSpacePrefix = rules.addsSpacePrefix
    result.removesExtraWhitespace = rules.mergesSpaces
    result.charactersMap = rules.charactersMap
    result.notes = rules.notes
    return result
  }
}
