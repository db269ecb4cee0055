// A unigram tokenizer.json: the steps that make of text what llama.cpp makes of it, and the scores.

internal import TieConvIO

extension TokenizerWriter {
  /// The text of tokenizer.json.
  func unigramDefinition() -> [UInt8] {
    var text = start([
      ("normalizer", ["type": "Sequence", "normalizers": .array(normalizers)]),
      ("pre_tokenizer", preTokenizer), ("post_processor", template),
      (
        "decoder",
        [
          "type": "Metaspace", "replacement": .string(.spaceMark),
          "prepend_scheme": startsWords ? "always" : "never", "split": true,
        ]
      ),
    ])
    let model: JSONText = [
      "type": "Unigram", "unk_id": .optional(tokenizer.id("unk")), "byte_fallback": false,
    ]
    text += model.compact.utf8.dropLast()
    text += ",\"vocab\":[".utf8
    appendPieces(to: &text)
    text += "]}}".utf8
    return text
  }

  private var startsWords: Bool { tokenizer.mergesSpaces || tokenizer.addsSpacePrefix }

  private var normalizers: [JSONText] {
    var steps: [JSONText] = []
    if !tokenizer.charactersMap.isEmpty {
      steps.append([
        "type": "Precompiled",
        "precompiled_charsmap": .string(Base64.encode(tokenizer.charactersMap)),
      ])
    }
    guard tokenizer.mergesSpaces else {
      let mark = JSONText.string(.spaceMark)
      if tokenizer.addsSpacePrefix { steps.append(["type": "Prepend", "prepend": mark]) }
      return steps + [["type": "Replace", "pattern": ["String": " "], "content": mark]]
    }
    // Only spaces, which Strip cannot be told.
    return steps + [
      ["type": "Replace", "pattern": ["Regex": .string(SpaceSteps.trailingSpaces)], "content": ""],
      ["type": "Replace", "pattern": ["Regex": " {2,}"], "content": " "],
    ]
  }

  /// Every word has a mark where spaces are merged; no piece of a word reaches over it then.
  private var preTokenizer: JSONText {
    guard tokenizer.mergesSpaces else { return nil }
    return [
      "type": "Metaspace", "replacement": .string(.spaceMark), "prepend_scheme": "always",
      "split": false,
    ]
  }

  /// Texts and scores, the place being the id.
  ///
  /// The reference tells what is unknown from the lowest score of all, llama.cpp from that of the
  /// normal pieces, so none may be lower; and what is added is found before, whatever it scores.
  private func appendPieces(to text: inout [UInt8]) {
    let scores = tokenizer.scores ?? []
    let normal = tokenizer.types.indices.filter { tokenizer.types[$0] == .normal }
    let lowest = normal.lazy.map { scores[$0] }.min() ?? 0
    var end = tokenizer.tokens.count
    while end > 0, tokenizer.types[end - 1] == .unused,
      tokenizer.tokens[end - 1] == "[PAD\(end - 1)]"
    {
      end -= 1
    }
    for id in 0..<end {
      if id > 0 { text.append(UInt8(ascii: ",")) }
      let score: Float =
        switch tokenizer.types[id] {
        case .normal: scores[id]
        case .unused: max(scores[id], lowest)
        default: 0
        }
      text += "[\(JSONText.quoted(tokenizer.tokens[id])),\(Double(score))]".utf8
    }
  }
}
