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
    guard let name = PreTokenizer(definition, cleansSpaces: cleans)?.ggufName else {
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
  private static func shown(_ part: String) -> String {
    part.utf8.contains(0x20) ? part.replacing(mark: " ", with: "\u{120}") : part
  }

  // MARK: SentencePiece

  private func sentencePiece(_ model: SentencePieceModel) throws(CheckpointError) -> GGUFVocabulary
  {
    try checkSize(model.pieces.count)
    var result = GGUFVocabulary(
      model: model.kind == .unigram ? "t5" : "llama", pre: "default", size: rows, hasScores: true)
    for (id, piece) in model.pieces.enumerated() {
      let type = GGUFVocabulary.TokenType(rawValue: Int32(piece.type.rawValue)) ?? .normal
      // The converter leaves user-defined pieces normal, and finds them among the added tokens.
      result.set(id, piece.text, type == .userDefined ? .normal : type, score: piece.score)
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

  /// BPE with byte tokens out of a tokenizer.json: SentencePiece's, with merges for scores. A piece's
  /// score is the place of the first merge that makes it, which restores the order of merging.
  private func mergedPieces(_ definition: TokenizerDefinition) throws(CheckpointError)
    -> GGUFVocabulary
  {
    var result = GGUFVocabulary(model: "llama", pre: "default", size: rows, hasScores: true)
    var ids: [TokenText: Int] = [:]
    ids.reserveCapacity(definition.vocabulary.count)
    for (text, id) in definition.vocabulary {
      ids[TokenText(text)] = id
      let type: GGUFVocabulary.TokenType =
        Self.isByte(text)
        ? .byte : definition.unknownToken?.hasSameBytes(as: text) == true ? .unknown : .normal
      result.set(id, text, type, score: type == .normal ? -1_000_000 : 0)
    }
    var rank = 0
    for (first, second) in definition.merges {
      guard let id = ids[TokenText(Array(first.utf8) + Array(second.utf8))],
        result.scores?[id] == -1_000_000
      else { continue }
      result.scores?[id] = Float(-rank)
      rank += 1
    }
    for token in definition.addedTokens { result.setAdded(token, score: -1000) }
    result.addsSpacePrefix = addsPrefix(definition) ? nil : false
    return result
  }

  private func scoredPieces(_ definition: TokenizerDefinition) throws(CheckpointError)
    -> GGUFVocabulary
  {
    throw CheckpointError(
      .unsupportedFormat, file: files.path("tokenizer.json"),
      "a unigram tokenizer is converted from its tokenizer.model only",
      hint: "add the tokenizer.model that it was made from")
  }

  private static func isByte(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 6 && text.hasPrefix("<0x") && text.hasSuffix(">")
      && bytes[3..<5].allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }

  /// Whether a space is put before the text: by the normalizer in older files, by the
  /// pre-tokenizer in newer ones.
  private func addsPrefix(_ definition: TokenizerDefinition) -> Bool {
    func steps(_ node: JSONNode?, _ key: String) -> [JSONNode] {
      guard let node else { return [] }
      return node[key]?.elements ?? [node]
    }
    if steps(definition.normalizer, "normalizers").contains(where: {
      $0["type"]?.string == "Prepend"
    }) {
      return true
    }
    return steps(definition.preTokenizer, "pretokenizers").contains {
      $0["type"]?.string == "Metaspace" && $0["prepend_scheme"]?.string != "never"
        && $0["add_prefix_space"]?.bool != false
    }
  }
}
