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
  func definition() throws(CheckpointError) -> [UInt8] {
    let parts: [(String, JSONText)] =
      tokenizer.model == "gpt2" ? try byteLevel() : sentencePiece()
    let text: JSONText = .object(
      [
        ("version", "1.0"), ("truncation", nil), ("padding", nil),
        ("added_tokens", .array(addedTokens)),
      ] + parts)
    return Array(text.compact.utf8)
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
        tokenizer.model == "gpt2" || !tokenizer.tokens[id].utf8.allSatisfy { $0 == 0x20 }
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

  /// Rows that no token has are not tokens.
  private var vocabulary: JSONText {
    var seen: Set<TokenText> = []
    return .object(
      tokenizer.tokens.indices.compactMap { id in
        if tokenizer.types[id] == .unused, tokenizer.tokens[id] == "[PAD\(id)]" { return nil }
        let text = text(id)
        return seen.insert(TokenText(text)).inserted ? (text, .integer(id)) : nil
      })
  }

  private func byteLevel() throws(CheckpointError) -> [(String, JSONText)] {
    guard let pre = PreTokenizer(ggufName: tokenizer.pre) else {
      throw CheckpointError(
        .unsupportedFormat, file: path, "this pre-tokenizer is not written out",
        found: tokenizer.pre, hint: "text would be split otherwise, and become other tokens")
    }
    let merges = (tokenizer.merges ?? []).indices.compactMap { place -> JSONText? in
      guard let bytes = tokenizer.merges?.utf8(at: place), bytes.count > 2,
        // The first part may itself begin with a space.
        let space = bytes.dropFirst().firstIndex(of: 0x20)
      else { return nil }
      let first = String(decoding: bytes[..<space], as: UTF8.self)
      let second = String(decoding: bytes[(space + 1)...], as: UTF8.self)
      return [.string(first), .string(second)]
    }
    let normalizer: JSONText = family.modelType.hasPrefix("qwen") ? ["type": "NFC"] : nil
    return [
      ("normalizer", normalizer), ("pre_tokenizer", pre.json), ("post_processor", template),
      (
        "decoder",
        [
          "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
        ]
      ),
      ("model", model(merges, ignoresMerges: pre.ignoresMerges, hasByteFallback: false)),
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
    let merges = MergeList(tokenizer, family: family, text: text).merges.map { first, second in
      JSONText.array([.string(first), .string(second)])
    }
    return [
      ("normalizer", normalizer), ("pre_tokenizer", nil), ("post_processor", template),
      ("decoder", ["type": "Sequence", "decoders": .array(decoders)]),
      ("model", model(merges, ignoresMerges: false, hasByteFallback: true)),
    ]
  }

  private func model(
    _ merges: [JSONText], ignoresMerges: Bool, hasByteFallback: Bool
  ) -> JSONText {
    [
      "type": "BPE", "dropout": nil,
      "unk_token": hasByteFallback ? .optional(tokenizer.token("unk")) : nil,
      "continuing_subword_prefix": nil, "end_of_word_suffix": nil,
      "fuse_unk": .bool(hasByteFallback), "byte_fallback": .bool(hasByteFallback),
      "ignore_merges": .bool(ignoresMerges), "vocab": vocabulary, "merges": .array(merges),
    ]
  }

  /// What is added to every text.
  private var template: JSONText {
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
