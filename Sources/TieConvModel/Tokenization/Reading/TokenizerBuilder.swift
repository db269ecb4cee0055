// Puts the parts of a tokenizer together.

internal import TieConv

/// Makes a tokenizer of what a tokenizer.json says.
struct TokenizerBuilder {
  let file: TokenizerJSON
  let source: String

  init(_ file: TokenizerJSON, source: String) {
    self.file = file
    self.source = source
  }

  func tokenizer(config: [UInt8]?) throws(TokenizerError) -> Tokenizer {
    let normalizers = try StepReader.normalizers(file.root["normalizer"])
    var stages = try StepReader.preTokenizers(file.root["pre_tokenizer"])
    // Where bytes are spelled out last, the vocabulary is kept in bytes instead.
    var isByteLevel = false
    if case .byteAlphabet? = stages.last {
      isByteLevel = true
      stages.removeLast()
    }
    let model = try ModelReader(file, isByteLevel: &isByteLevel).model()
    if !isByteLevel,
      case .byteAlphabet? = try StepReader.preTokenizers(file.root["pre_tokenizer"]).last
    {
      stages.append(.byteAlphabet)
    }
    let added = try addedTokens(model)
    let around = try aroundTokens(config, model, added)
    return Tokenizer(
      model: model, normalizers: normalizers, preTokenizers: stages,
      decoders: try StepReader.decoders(file.root["decoder"]), addedTokens: added,
      prefix: around.prefix, suffix: around.suffix, source: source)
  }

  /// Added tokens with the ids that the reference gives them: the model's own, where it has the
  /// text, else the next free one.
  private func addedTokens(_ model: TokenModel) throws(TokenizerError) -> [AddedToken] {
    guard let node = file.root["added_tokens"], node.value != .null else { return [] }
    guard let elements = node.elements else {
      throw TokenizerError(.malformed, "\"added_tokens\" is not a list")
    }
    var tokens: [AddedToken] = []
    for element in elements {
      guard let content = element["content"]?.string, let id = element["id"]?.integer else {
        throw TokenizerError(.malformed, "an added token without content or id")
      }
      guard content.utf8.count <= 4096 else {
        throw TokenizerError(.malformed, "an added token of \(content.utf8.count) bytes")
      }
      guard id >= 0, id <= model.table.size + elements.count + 65536 else {
        throw TokenizerError(.malformed, "the id \(id) of an added token, far beyond all others")
      }
      if content.isEmpty { continue }
      tokens.append(
        AddedToken(
          content: Array(content.utf8), id: Int32(id), stripsLeft: element["lstrip"]?.bool ?? false,
          stripsRight: element["rstrip"]?.bool ?? false,
          isSingleWord: element["single_word"]?.bool ?? false,
          isNormalized: element["normalized"]?.bool ?? true,
          isSpecial: element["special"]?.bool ?? false))
    }
    return tokens
  }

  /// The ids before and behind a text.
  private func aroundTokens(
    _ config: [UInt8]?, _ model: TokenModel, _ added: [AddedToken]
  ) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    if let config, let node = try? JSONNode.parse(config, allowsNonFinite: true),
      node["add_bos_token"]?.bool != nil || node["add_eos_token"]?.bool != nil
    {
      func ids(_ flag: String, _ name: String) throws(TokenizerError) -> [Int32] {
        guard node[flag]?.bool == true,
          let text = node[name]?.string ?? node[name]?["content"]?.string
        else { return [] }
        let bytes = Array(text.utf8)
        if let token = added.first(where: { $0.content == bytes }) { return [token.id] }
        guard case let id = model.table.id(bytes), id >= 0 else {
          throw TokenizerError(.malformed, "\"\(name)\" of tokenizer_config.json is not a token")
        }
        return [id]
      }
      return (try ids("add_bos_token", "bos_token"), try ids("add_eos_token", "eos_token"))
    }
    return try StepReader.postProcessor(
      file.root["post_processor"], limit: model.table.size + added.count + 65536)
  }
}

extension Tokenizer {
  init(
    model: TokenModel, normalizers: [Normalizer], preTokenizers: [PreTokenizer],
    decoders: [TokenDecoder]?, addedTokens: [AddedToken], prefix: [Int32], suffix: [Int32],
    source: String
  ) {
    self.model = model
    self.normalizers = normalizers
    self.preTokenizers = preTokenizers
    self.decoders = decoders
    added = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
    rawFinder = AddedTokenFinder(addedTokens.filter { !$0.isNormalized })
    let normalized = addedTokens.filter(\.isNormalized).map { token in
      var token = token
      var matcher = PatternMatcher(forBytes: token.content.count * 4)
      for step in normalizers { token.content = step.apply(token.content, &matcher) }
      return token
    }
    normalizedFinder = AddedTokenFinder(normalized)
    self.prefix = prefix
    self.suffix = suffix
    self.source = source
    hasLineSeams = Self.findsLineSeams(normalizers, preTokenizers, addedTokens)
  }

  /// Whether every step sees a line feed between two letters as a word of its own, and nothing
  /// depends on where a text starts.
  private static func findsLineSeams(
    _ normalizers: [Normalizer], _ stages: [PreTokenizer], _ added: [AddedToken]
  ) -> Bool {
    var hasWords = false
    for stage in stages {
      guard case .split(let splitter) = stage, !splitter.isInverted else { return false }
      switch splitter.finder {
      case .pattern(let program) where splitter.behavior == .isolated:
        hasWords = hasWords || program.isOfWords
        if !program.isOfWords, !program.keepsToItself { return false }
      case .scalars(.number), .scalars(.punctuation):
        if splitter.behavior != .isolated, splitter.behavior != .contiguous { return false }
      default: return false
      }
    }
    let isLocal = normalizers.allSatisfy { if case .form = $0 { true } else { false } }
    return hasWords && isLocal
      && added.allSatisfy {
        !$0.stripsLeft && !$0.stripsRight && !$0.isSingleWord && !$0.content.contains(0x0A)
      }
  }
}
