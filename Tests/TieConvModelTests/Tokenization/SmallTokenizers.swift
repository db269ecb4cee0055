// Tokenizers small enough to know every id of, and the words to make them of.

import TieConv

@testable import TieConvModel

/// Small tokenizers, as files.
enum SmallTokenizers {
  /// A vocabulary of texts in order, as a JSON object.
  static func vocabulary(_ texts: [String]) -> String {
    let entries = texts.enumerated().map { "\(JSONText.quoted($1)): \($0)" }
    return "{\(entries.joined(separator: ", "))}"
  }

  /// Every byte, then some merges of "low", "lower" and " low".
  static let byteLevel: String = {
    let bytes = (UInt8.min...UInt8.max).map { byte in
      String(Unicode.Scalar(ByteAlphabet.scalar(of: byte)) ?? "?")
    }
    let vocabulary = Self.vocabulary(bytes + ["lo", "low", "er", "lower", "Ġlow"])
    return """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [{"id": 261, "content": "<end>", "single_word": false, "lstrip": false,
         "rstrip": true, "normalized": false, "special": true}],
       "normalizer": {"type": "NFC"},
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "post_processor": {"type": "TemplateProcessing",
         "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}}],
         "special_tokens": {"<end>": {"id": "<end>", "ids": [261], "tokens": ["<end>"]}}},
       "decoder": {"type": "ByteLevel"},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "ignore_merges": false,
         "vocab": \(vocabulary),
         "merges": [["l", "o"], "lo w", ["e", "r"], ["low", "er"], ["Ġ", "low"]]}}
      """
  }()

  /// SentencePiece's unigrams, with a metaspace and a fallback to nothing.
  static let unigram = """
    {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"},
       {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
     "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
     "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
     "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
       "vocab": [["<unk>", 0.0], ["▁", -2.0], ["a", -3.0], ["b", -3.5], ["▁a", -2.5],
                 ["ab", -4.0], ["▁ab", -9.5]]}}
    """

  /// BERT's kind.
  static let wordPiece = """
    {"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
       "strip_accents": null, "lowercase": true},
     "pre_tokenizer": {"type": "BertPreTokenizer"},
     "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
     "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
     "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
       "max_input_chars_per_word": 20,
       "vocab": \(vocabulary(["[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "a", ",", "的"]))}}
    """

  /// SentencePiece's byte pairs: whole lines are one word.
  static let sentencePiece: String = {
    let bytes = (UInt8.min...UInt8.max).map {
      String(decoding: ByteFallback.name(of: $0), as: UTF8.self)
    }
    let texts = ["<unk>"] + bytes + ["▁", "a", "b", "ab", "▁a", "▁ab", "aa"]
    return """
      {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
       "pre_tokenizer": null,
       "decoder": {"type": "Sequence", "decoders": [
         {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
         {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
       "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
         "vocab": \(vocabulary(texts)),
         "merges": ["a b", "▁ a", "▁ ab", "a a"]}}
      """
  }()

  static let all = [byteLevel, unigram, wordPiece, sentencePiece]

  static func tokenizer(_ text: String) throws -> Tokenizer {
    try Tokenizer(json: Array(text.utf8))
  }
}

/// A generator of numbers that are the same every run.
struct FixedRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
