// Small tokenizers of every kind, and files of ids: what their readers are fuzzed with.

import TieConv
import TieConvModel

extension Seeds {
  /// Files of token ids.
  static let tokenFiles: [[UInt8]] = TokenFile.Spelling.allCases.map {
    TokenFile.contents([0, 1, 999, 7], as: $0)
  }

  /// Tokenizers as files.
  static let tokenizers: [[UInt8]] = [byteLevel, unigram, wordPiece, sentencePiece].map {
    Array($0.utf8)
  }

  private static func vocabulary(_ texts: [String]) -> String {
    let entries = texts.enumerated().map { "\(JSONText.quoted($1)):\($0)" }
    return "{\(entries.joined(separator: ","))}"
  }

  private static let byteLevel = """
    {"added_tokens": [{"id": 20, "content": "<end>", "single_word": true, "lstrip": true,
       "rstrip": true, "normalized": true, "special": true}],
     "normalizer": {"type": "NFC"},
     "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
       {"type": "Digits", "individual_digits": true},
       {"type": "Split", "pattern": {"Regex": "(?i:'s|'ll)|[^\\\\r\\\\n\\\\p{L}]?\\\\p{L}+|\\\\s+(?!\\\\S)|\\\\s+"},
        "behavior": "Isolated", "invert": false},
       {"type": "ByteLevel", "add_prefix_space": true, "use_regex": true}]},
     "post_processor": {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}}, {"Sequence": {"id": "A"}}],
       "special_tokens": {"<end>": {"id": "<end>", "ids": [20], "tokens": ["<end>"]}}},
     "decoder": {"type": "ByteLevel"},
     "model": {"type": "BPE", "dropout": null, "unk_token": null, "ignore_merges": true,
       "vocab": \(vocabulary(["l", "o", "w", "e", "r", "Ġ", "a", "b", "lo", "low", "er", "Ġlow", "ab"])),
       "merges": [["l", "o"], ["lo", "w"], "e r", ["Ġ", "low"], "a b"]}}
    """

  private static let unigram = """
    {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"},
       {"type": "Precompiled", "precompiled_charsmap": "CAAAAAAEAAAAAAAAYQA="},
       {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
     "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"},
     "decoder": {"type": "Metaspace", "replacement": "▁"},
     "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": true,
       "vocab": [["<unk>", 0.0], ["▁", -2.0], ["a", -3.0], ["b", -3.5], ["▁a", -2.5], ["ab", -4]]}}
    """

  private static let wordPiece = """
    {"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
       "strip_accents": null, "lowercase": true},
     "pre_tokenizer": {"type": "BertPreTokenizer"},
     "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 1]},
     "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
     "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
       "max_input_chars_per_word": 100,
       "vocab": \(vocabulary(["[UNK]", "[CLS]", "[SEP]", "a", "##b", "##a", ",", "low", "##er"]))}}
    """

  private static let sentencePiece = """
    {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
       {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}, {"type": "Lowercase"}]},
     "pre_tokenizer": null,
     "decoder": {"type": "Sequence", "decoders": [
       {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
       {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
     "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
       "continuing_subword_prefix": null, "end_of_word_suffix": "",
       "vocab": \(vocabulary(["<unk>", "<0x0A>", "▁", "a", "b", "ab", "▁a", "▁ab", "aa"])),
       "merges": ["a b", "▁ a", "▁ ab", "a a"]}}
    """
}
