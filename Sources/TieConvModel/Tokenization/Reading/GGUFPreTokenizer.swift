// What the names in `tokenizer.ggml.pre` mean: patterns, and two habits of the vocabulary.

/// The cutting rules that a name stands for.
struct GGUFPreTokenizer {
  /// One cut.
  enum Stage {
    case pattern(String)
    /// Every digit apart.
    case digits
  }

  let stages: [Stage]
  /// Whether whole words that are tokens are taken as they are.
  var ignoresMerges = false
  /// Whether a text starts with a token where the file does not say.
  var addsBeginningOfSequence = false

  /// Nil for a name that this version does not know.
  init?(name: String) {
    switch name {
    case "default", "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de",
      "a.x-4.0", "mellum", "modern-bert", "jina-v1-en", "jina-v2-code", "roberta-bpe", "mpt",
      "olmo",
      "jais", "trillion", "granite-docling", "exaone4":
      stages = [.pattern(KnownPattern.gpt2)]
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano":
      stages = [.pattern(KnownPattern.llama3)]
      ignoresMerges = true
      addsBeginningOfSequence = true
    case "glm4", "glm5":
      stages = [.pattern(KnownPattern.llama3)]
      ignoresMerges = true
    case "dbrx", "smaug-bpe", "chatglm-bpe": stages = [.pattern(KnownPattern.llama3)]
    case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
      "mellum2":
      stages = [.digits, .pattern(KnownPattern.gpt2)]
    case "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "hunyuan", "megrez",
      "solar-open", "grok-2":
      stages = [.pattern(KnownPattern.qwen2)]
    case "qwen35": stages = [.pattern(KnownPattern.qwen35)]
    case "ufakzeka": stages = [.pattern(KnownPattern.withoutContractions)]
    case "seed-coder": stages = [.pattern(KnownPattern.seedCoder)]
    case "bailingmoe", "bailingmoe2", "llada-moe": stages = [.pattern(KnownPattern.bailing)]
    case "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2":
      stages = [.pattern(KnownPattern.gpt4o)]
    case "tekken":
      stages = [.pattern(KnownPattern.tekken)]
      ignoresMerges = true
      addsBeginningOfSequence = true
    case "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4":
      stages = [
        .pattern(KnownPattern.threeDigits), .pattern(KnownPattern.deepSeek3Ideographs),
        .pattern(KnownPattern.deepSeek3),
      ]
    case "deepseek-llm":
      stages = [
        .pattern(KnownPattern.lineBreak), .pattern(KnownPattern.deepSeekLetters),
        .pattern(KnownPattern.deepSeekPunctuation), .pattern(#"\s+$"#),
        .pattern(KnownPattern.deepSeekIdeographs), .digits,
      ]
    case "deepseek-coder":
      stages = [
        .pattern(KnownPattern.lineBreak), .pattern(#"\s?\p{L}+"#), .pattern(#"\s?\p{P}+"#),
        .pattern(KnownPattern.deepSeekIdeographs), .digits,
      ]
    case "falcon":
      stages = [
        .pattern(#"[\p{P}\$\+<=>\^~\|`]+"#), .pattern(KnownPattern.gpt2),
        .pattern("[0-9][0-9][0-9]"),
      ]
    case "poro-chat", "bloom", "gpt3-finnish": stages = [.pattern(KnownPattern.bloom)]
    case "viking": stages = [.pattern(KnownPattern.bloom), .digits]
    default: return nil
    }
  }
}
