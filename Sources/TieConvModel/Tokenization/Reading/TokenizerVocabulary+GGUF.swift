// The vocabulary that stands in a GGUF file's metadata.

public import TieConv

extension TokenizerVocabulary {
  /// The vocabulary of `metadata`; nil where it holds none.
  ///
  /// - Throws: `invalidTokenizer` where a list or a number is of the wrong type.
  public init?(
    _ metadata: GGUFMetadata, file: String = "metadata"
  ) throws(CheckpointError) {
    func value(_ key: String) -> GGUFValue? { metadata["tokenizer.ggml." + key] }
    guard let model = value("model")?.text, model != "none", let tokens = value("tokens") else {
      return nil
    }
    guard let texts = tokens.strings else {
      throw CheckpointError(.invalidTokenizer, file: file, "the tokens are not a list of texts")
    }
    self.init(
      model: model, preTokenizer: value("pre")?.text,
      tokens: texts.indices.map { Array(texts.utf8(at: $0)) })
    if let list = value("scores") {
      guard case .array(.float32(let scores)) = list else {
        throw CheckpointError(.invalidTokenizer, file: file, "the scores are not float32 numbers")
      }
      self.scores = scores
    }
    if let list = value("token_type") {
      guard let types = list.integers else {
        throw CheckpointError(.invalidTokenizer, file: file, "the token types are not integers")
      }
      self.types = types.map { Int32(clamping: $0) }
    }
    if let list = value("merges") {
      guard let merges = list.strings else {
        throw CheckpointError(.invalidTokenizer, file: file, "the merges are not a list of texts")
      }
      self.merges = merges.indices.map { Array(merges.utf8(at: $0)) }
    }
    if let list = value("precompiled_charsmap") {
      precompiledCharsmap = (list.integers ?? []).map { UInt8(truncatingIfNeeded: $0) }
    }
    beginningOfSequence = value("bos_token_id")?.integer
    endOfSequence = value("eos_token_id")?.integer
    unknown = value("unknown_token_id")?.integer
    classification = value("cls_token_id")?.integer
    separator = value("seperator_token_id")?.integer
    addsBeginningOfSequence = value("add_bos_token")?.boolean
    addsEndOfSequence = value("add_eos_token")?.boolean
    addsSeparator = value("add_sep_token")?.boolean
    addsSpacePrefix = value("add_space_prefix")?.boolean
    removesExtraSpaces = value("remove_extra_whitespaces")?.boolean
  }
}
