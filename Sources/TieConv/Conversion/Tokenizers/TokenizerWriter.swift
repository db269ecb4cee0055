// tokenizer.json and tokenizer_config.json out of a GGUF file's metadata.

/// Writes a tokenizer for transformers.
struct TokenizerWriter {
  let tokenizer: GGUFTokenizer
  /// The family that it belongs to.
  let family: ModelFamily
  /// `tokenizer.chat_template` and the context's length end up in the config.
  let contextLength: Int?
  let path: String

  // MARK: tokenizer.json

  /// The text of tokenizer.json.
  ///
  /// Vocabulary and merges, nearly all of it, are spelled one by one: as a tree they would take
  /// twenty times the memory.
  func definition() throws(CheckpointError) -> [UInt8] {
    if tokenizer.model == "t5" { return unigramDefinition() }
    let isByteLevel = tokenizer.model == "gpt2"
    let pre = try isByteLevel ? preTokenizer() : nil
    var text = start(pre.map(byteLevel) ?? sentencePiece())
    let model: JSONText = [
      "type": "BPE", "dropout": nil,
      "unk_token": isByteLevel ? nil : .optional(tokenizer.token("unk")),
      "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
      "fuse_unk": .bool(!isByteLevel), "byte_fallback": .bool(!isByteLevel),
      "ignore_merges": .bool(pre?.ignoresMerges ?? false),
    ]
    text += model.compact.utf8.dropLast()
    text += ",\"vocab\":{".utf8
    appendVocabulary(to: &text)
    text += "},\"merges\":[".utf8
    if isByteLevel { appendMerges(to: &text) } else { appendImpliedMerges(to: &text) }
    text += "]}}".utf8
    return text
  }

  /// All that comes before the model's own object.
  func start(_ steps: [(String, JSONText)]) -> [UInt8] {
    let small: JSONText = .object(
      [
        ("version", "1.0"), ("truncation", nil), ("padding", nil),
        ("added_tokens", .array(addedTokens)),
      ] + steps)
    return Array(small.compact.utf8.dropLast()) + Array(",\"model\":".utf8)
  }

  private func preTokenizer() throws(CheckpointError) -> GGUFPreTokenizer {
    if let pre = GGUFPreTokenizer(name: tokenizer.pre) { return pre }
    throw CheckpointError(
      .unsupportedFormat, file: path, "this pre-tokenizer is not written out",
      found: tokenizer.pre, hint: "text would be split otherwise, and become other tokens")
  }

  /// Rows that no token has are not tokens.
  private func appendVocabulary(to text: inout [UInt8]) {
    var seen: Set<TokenText> = []
    for id in tokenizer.tokens.indices {
      if tokenizer.types[id] == .unused, tokenizer.tokens[id] == "[PAD\(id)]" { continue }
      let token = self.text(id)
      guard seen.insert(TokenText(token)).inserted else { continue }
      if seen.count > 1 { text.append(UInt8(ascii: ",")) }
      text += "\(JSONText.quoted(token)):\(id)".utf8
    }
  }

  private func appendMerges(to text: inout [UInt8]) {
    let merges = tokenizer.merges ?? []
    var isFirst = true
    for place in merges.indices {
      let bytes = merges.utf8(at: place)
      // The first part may itself begin with a space.
      guard let space = bytes.dropFirst().firstIndex(of: 0x20) else { continue }
      Self.append(
        String(decoding: bytes[..<space], as: UTF8.self),
        String(decoding: bytes[(space + 1)...], as: UTF8.self), isFirst: &isFirst, to: &text)
    }
  }

  private func appendImpliedMerges(to text: inout [UInt8]) {
    var isFirst = true
    for (first, second) in MergeList(tokenizer, family: family, text: self.text).merges {
      Self.append(first, second, isFirst: &isFirst, to: &text)
    }
  }

  private static func append(
    _ first: String, _ second: String, isFirst: inout Bool, to text: inout [UInt8]
  ) {
    if !isFirst { text.append(UInt8(ascii: ",")) }
    isFirst = false
    text += "[\(JSONText.quoted(first)),\(JSONText.quoted(second))]".utf8
  }

  /// Texts as the vocabulary spells them: a run of spaces that was found in the text as it is
  /// becomes marks again.
  private func text(_ id: Int) -> String {
    let text = tokenizer.tokens[id]
    guard tokenizer.model == "llama", tokenizer.types[id] == .userDefined,
      text.utf8.allSatisfy({ $0 == 0x20 })
    else { return text }
    return text.replacing(mark: " ", with: .spaceMark)
  }

  private var isAdded: [Bool] {
    tokenizer.types.enumerated().map { id, type in
      switch type {
      case .control, .unknown: true
      case .userDefined:
        tokenizer.model != "llama" || !tokenizer.tokens[id].utf8.allSatisfy { $0 == 0x20 }
      default: false
      }
    }
  }

  private var addedTokens: [JSONText] {
    let isAdded = isAdded
    return tokenizer.tokens.indices.filter { isAdded[$0] }.map { id in
      [
        "id": .integer(id), "content": .string(tokenizer.tokens[id]), "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false,
        "special": .bool(tokenizer.types[id] != .userDefined),
      ]
    }
  }

  private func byteLevel(_ pre: GGUFPreTokenizer) -> [(String, JSONText)] {
    let normalizer: JSONText = family.modelType.hasPrefix("qwen") ? ["type": "NFC"] : nil
    return [
      ("normalizer", normalizer), ("pre_tokenizer", pre.json), ("post_processor", template),
      (
        "decoder",
        [
          "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
        ]
      ),
    ]
  }

  private func sentencePiece() -> [(String, JSONText)] {
    let mark = JSONText.string(.spaceMark)
    let spaces: JSONText = ["type": "Replace", "pattern": ["String": " "], "content": mark]
    let prefix: JSONText = ["type": "Prepend", "prepend": mark]
    var decoders: [JSONText] = [
      ["type": "Replace", "pattern": ["String": mark], "content": " "],
      ["type": "ByteFallback"], ["type": "Fuse"],
    ]
    if tokenizer.addsSpacePrefix {
      decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0])
    }
    let normalizer: JSONText =
      tokenizer.addsSpacePrefix
      ? ["type": "Sequence", "normalizers": [prefix, spaces]] : spaces
    return [
      ("normalizer", normalizer), ("pre_tokenizer", nil), ("post_processor", template),
      ("decoder", ["type": "Sequence", "decoders": .array(decoders)]),
    ]
  }

  /// What is added to every text.
  var template: JSONText {
    let first = tokenizer.addsBOS ? tokenizer.id("bos") : nil
    let last = tokenizer.addsEOS ? tokenizer.id("eos") : nil
    guard first != nil || last != nil else { return nil }
    func sequence(_ name: String, _ type: Int) -> [JSONText] {
      let start = first.map { [special($0, type)] } ?? []
      let end = last.map { [special($0, type)] } ?? []
      return start + [["Sequence": ["id": .string(name), "type_id": .integer(type)]]] + end
    }
    let tokens = Set([first, last].compactMap { $0 }).sorted().map { id -> (String, JSONText) in
      let text = tokenizer.tokens[id]
      return (
        text, ["id": .string(text), "ids": [.integer(id)], "tokens": [.string(text)]]
      )
    }
    return [
      "type": "TemplateProcessing", "single": .array(sequence("A", 0)),
      "pair": .array(sequence("A", 0) + sequence("B", 1)), "special_tokens": .object(tokens),
    ]
  }

  private func special(_ id: Int, _ type: Int) -> JSONText {
    ["SpecialToken": ["id": .string(tokenizer.tokens[id]), "type_id": .integer(type)]]
  }

  // MARK: tokenizer_config.json

  /// The text of tokenizer_config.json.
  var config: [UInt8] {
    var members: [(String, JSONText)] = []
    if let template = tokenizer.chatTemplate {
      members.append(("chat_template", .string(template)))
    }
    members.append(("clean_up_tokenization_spaces", false))
    for (kind, id) in tokenizer.ids {
      members.append(("\(kind)_token", .string(tokenizer.tokens[id])))
    }
    if let contextLength { members.append(("model_max_length", .integer(contextLength))) }
    // The class that takes tokenizer.json as it is, in every release that knows the file.
    members.append(("tokenizer_class", "PreTrainedTokenizerFast"))
    let sorted = members.sorted { $0.0.utf8Precedes($1.0) }
    return Array(JSONText.object(sorted).pretty.utf8)
  }
}
