// The vocabulary as GGUF stores it: every row of the embedding with text, type and, for
// SentencePiece, score.

/// A GGUF file's vocabulary.
struct GGUFVocabulary: Sendable {
  /// `tokenizer.ggml.token_type`.
  enum TokenType: Int32, Sendable {
    case normal = 1, unknown, control, userDefined, unused, byte
  }

  /// `tokenizer.ggml.model`: `gpt2`, `llama` or `t5`.
  let model: String
  /// `tokenizer.ggml.pre`.
  let pre: String
  var tokens: [String]
  var types: [TokenType]
  var scores: [Float]?
  var merges: [String]?
  var addsSpacePrefix: Bool?
  var removesExtraWhitespace: Bool?
  var charactersMap: [UInt8] = []
  /// The id of the token for what is unknown.
  var unknownID: Int?
  /// Where llama.cpp would read texts otherwise, at their ends only.
  var notes: [String] = []

  /// A vocabulary of `size` rows that no token has taken yet.
  init(model: String, pre: String, size: Int, hasScores: Bool) {
    self.model = model
    self.pre = pre
    tokens = (0..<size).map { "[PAD\($0)]" }
    types = [TokenType](repeating: .unused, count: size)
    scores = hasScores ? [Float](repeating: -10000, count: size) : nil
  }

  mutating func set(_ id: Int, _ text: String, _ type: TokenType, score: Float? = nil) {
    guard tokens.indices.contains(id) else { return }
    tokens[id] = text
    types[id] = type
    if let score { scores?[id] = score }
  }

  /// Sets a token that was added to the model's own.
  ///
  /// As llama.cpp takes control and user-defined tokens for text that is normalized already, marks of
  /// spaces become spaces.
  mutating func setAdded(_ token: TokenizerDefinition.AddedToken, score: Float? = nil) {
    if token.isSpecial || Self.looksSpecial(token.content) {
      set(token.id, token.content, .control, score: score)
    } else {
      let text = token.content.replacing(mark: .spaceMark, with: " ")
      set(token.id, text, .userDefined, score: score)
    }
  }

  /// Some models mark tokens that are for control as if they were not (deepseek-coder, gemma).
  static func looksSpecial(_ text: String) -> Bool {
    if ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text) { return true }
    return (text.hasPrefix("<|") && text.hasSuffix("|>"))
      || (text.hasPrefix("<｜") && text.hasSuffix("｜>"))
      || (text.hasPrefix("<unused") && text.hasSuffix(">"))
  }

  /// The metadata, in the order in which the converter writes it.
  var entries: [(String, GGUFValue)] {
    var entries: [(String, GGUFValue)] = [
      ("tokenizer.ggml.model", .string(model)), ("tokenizer.ggml.pre", .string(pre)),
      ("tokenizer.ggml.tokens", .array(.string(GGUFStrings(tokens)))),
    ]
    if let scores { entries.append(("tokenizer.ggml.scores", .array(.float32(scores)))) }
    entries.append(("tokenizer.ggml.token_type", .array(.int32(types.map(\.rawValue)))))
    if let merges {
      entries.append(("tokenizer.ggml.merges", .array(.string(GGUFStrings(merges)))))
    }
    if let flag = addsSpacePrefix {
      entries.append(("tokenizer.ggml.add_space_prefix", .bool(flag)))
    }
    if let flag = removesExtraWhitespace {
      entries.append(("tokenizer.ggml.remove_extra_whitespaces", .bool(flag)))
    }
    if !charactersMap.isEmpty {
      entries.append(("tokenizer.ggml.precompiled_charsmap", .array(.uint8(charactersMap))))
    }
    return entries
  }
}
