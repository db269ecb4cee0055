// The tokenizer of a GGUF file, checked, as its metadata tells it.

/// What `tokenizer.*` of a GGUF file says.
struct GGUFTokenizer: Sendable {
  /// `gpt2`, `llama` or `t5`.
  let model: String
  /// The name of the pre-tokenizer, where the model has one.
  let pre: String
  let tokens: GGUFStrings
  let types: [GGUFVocabulary.TokenType]
  let scores: [Float]?
  let merges: GGUFStrings?
  let addsSpacePrefix: Bool
  /// Whether a run of spaces is one, and the compiled map of characters: of unigrams alone.
  let mergesSpaces: Bool
  let charactersMap: [UInt8]
  /// Whether a token of a kind is added to every text.
  let addsBOS: Bool
  let addsEOS: Bool
  /// `bos`, `eos`, `unk`, `pad` and their ids.
  let ids: [(kind: String, id: Int)]
  let chatTemplate: String?

  private static let prefix = "tokenizer.ggml."

  /// Reads `metadata`.
  ///
  /// - Throws: `invalidTokenizer` where arrays and ids contradict each other; `unsupportedFormat` where
  ///   the tokenizer is of a kind that is not written out.
  init(_ metadata: GGUFMetadata, path: String) throws(CheckpointError) {
    func fault(_ message: String) -> CheckpointError {
      CheckpointError(.invalidTokenizer, file: path, message)
    }
    func value(_ key: String) -> GGUFValue? { metadata[Self.prefix + key] }
    model = value("model")?.text ?? "none"
    pre = value("pre")?.text ?? "default"
    guard ["gpt2", "llama", "t5"].contains(model) else {
      throw CheckpointError(
        .unsupportedFormat, file: path, "a tokenizer of this kind is not written out",
        found: model, expected: "gpt2, llama or t5")
    }
    guard let tokens = value("tokens")?.strings, !tokens.isEmpty,
      tokens.count <= TokenizerDefinition.maximumID
    else { throw fault("tokenizer.ggml.tokens is missing") }
    self.tokens = tokens
    let types = value("token_type")?.integers
    self.types =
      types?.map { GGUFVocabulary.TokenType(rawValue: Int32(clamping: $0)) ?? .normal }
      ?? [GGUFVocabulary.TokenType](repeating: .normal, count: tokens.count)
    guard self.types.count == tokens.count else {
      throw fault("token_type has another length than tokens")
    }
    if case .array(.float32(let scores))? = value("scores") {
      guard scores.count == tokens.count else {
        throw fault("scores has another length than tokens")
      }
      guard scores.allSatisfy(\.isFinite) else { throw fault("a score that is no number") }
      self.scores = scores
    } else {
      scores = nil
    }
    merges = value("merges")?.strings
    if model == "gpt2", merges == nil { throw fault("tokenizer.ggml.merges is missing") }
    if model != "gpt2", scores == nil { throw fault("tokenizer.ggml.scores is missing") }
    addsSpacePrefix = value("add_space_prefix")?.boolean ?? (model == "llama")
    mergesSpaces = model == "t5" && value("remove_extra_whitespaces")?.boolean ?? false
    charactersMap =
      model == "t5"
      ? value("precompiled_charsmap")?.integers?.map { UInt8(truncatingIfNeeded: $0) } ?? [] : []
    guard charactersMap.isEmpty || PrecompiledCharsmap(charactersMap) != nil else {
      throw fault("a damaged map of characters")
    }
    let usesBOS = model == "llama" || GGUFPreTokenizer.addsBOS(pre)
    addsBOS = value("add_bos_token")?.boolean ?? usesBOS
    addsEOS = value("add_eos_token")?.boolean ?? (model == "t5")
    // What llama.cpp takes where a unigram file is silent.
    let defaults = model == "t5" ? ["eos": 1, "unk": 2, "pad": 0] : [:]
    ids = [("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")].compactMap {
      kind, key in
      guard let id = value("\(key)_token_id")?.integer ?? defaults[kind],
        tokens.indices.contains(id)
      else {
        return nil
      }
      return (kind, id)
    }
    chatTemplate = metadata["tokenizer.chat_template"]?.text
  }

  /// The token of a kind.
  func token(_ kind: String) -> String? {
    ids.first { $0.kind == kind }.map { tokens[$0.id] }
  }

  /// The id of a kind.
  func id(_ kind: String) -> Int? { ids.first { $0.kind == kind }?.id }
}
