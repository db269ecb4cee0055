// A vocabulary as GGUF files carry it: lists of tokens, scores, types and merges, and a few names.

/// The tokenizer's part of a GGUF file's metadata (`tokenizer.ggml.*`), as plain values.
public struct TokenizerVocabulary: Sendable {
  /// What a token is for (`tokenizer.ggml.token_type`).
  public enum TokenType: Int32, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// `tokenizer.ggml.model`: `gpt2`, `llama`, `bert`, `t5` or `gemma4`.
  public var model: String
  /// `tokenizer.ggml.pre`: which pattern words are cut with.
  public var preTokenizer: String?
  /// The tokens' texts in UTF-8; a token's place is its id.
  public var tokens: [[UInt8]]
  /// Scores, one a token; empty where the model has none.
  public var scores: [Float] = []
  /// Types, one a token; empty where all are normal.
  public var types: [Int32] = []
  /// Merges, two texts with a space between, best first.
  public var merges: [[UInt8]] = []
  /// `tokenizer.ggml.bos_token_id`.
  public var beginningOfSequence: Int?
  /// `tokenizer.ggml.eos_token_id`.
  public var endOfSequence: Int?
  /// `tokenizer.ggml.unknown_token_id`.
  public var unknown: Int?
  /// `tokenizer.ggml.cls_token_id`.
  public var classification: Int?
  /// `tokenizer.ggml.seperator_token_id`, spelled so in files.
  public var separator: Int?
  /// `tokenizer.ggml.add_bos_token`; nil where the file says nothing, as with all that follow.
  public var addsBeginningOfSequence: Bool?
  /// `tokenizer.ggml.add_eos_token`.
  public var addsEndOfSequence: Bool?
  /// `tokenizer.ggml.add_sep_token`.
  public var addsSeparator: Bool?
  /// `tokenizer.ggml.add_space_prefix`.
  public var addsSpacePrefix: Bool?
  /// `tokenizer.ggml.remove_extra_whitespaces`.
  public var removesExtraSpaces: Bool?
  /// `tokenizer.ggml.precompiled_charsmap`.
  public var precompiledCharsmap: [UInt8] = []

  /// A vocabulary of these tokens.
  public init(model: String, preTokenizer: String? = nil, tokens: [[UInt8]]) {
    self.model = model
    self.preTokenizer = preTokenizer
    self.tokens = tokens
  }
}
