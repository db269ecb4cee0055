// What the names in `tokenizer.ggml.pre` mean: cuts, and two habits that come with a name.
//
// The facts are llama.cpp's (llama-vocab.cpp); where it approximates a pattern that its engine cannot
// run, the pattern here is the one of tokenizer.json that it quotes.

/// How byte-level BPE cuts text before it merges.
package struct GGUFPreTokenizer: Sendable, Equatable {
  /// One cut; what it finds, and what is left between, are pieces for the next one.
  package enum Cut: Sendable, Equatable {
    case pattern(String)
    /// Every digit apart.
    case digits
  }

  package let cuts: [Cut]
  /// Whether a word that is a token is never taken apart.
  package let ignoresMerges: Bool

  package init(cuts: [Cut], ignoresMerges: Bool) {
    self.cuts = cuts
    self.ignoresMerges = ignoresMerges
  }

  /// What llama.cpp takes `name` for; nil for a name that is not known here.
  package init?(name: String) {
    guard let entry = Self.table.first(where: { $0.names.contains(name) }) else { return nil }
    self = entry.rules
  }

  /// Whether llama.cpp adds a BOS with `name` unless a file says otherwise.
  package static func addsBOS(_ name: String) -> Bool {
    table.first { $0.names.contains(name) }?.addsBOS ?? false
  }

  /// The name for these cuts; nil where there is none.
  var name: String? { Self.table.first { $0.rules == self }?.names.first }
}

extension GGUFPreTokenizer {
  private struct Entry {
    let names: [String]
    let rules: GGUFPreTokenizer
    let addsBOS: Bool

    init(
      _ names: String..., cuts: [Cut], ignoresMerges: Bool = false, addsBOS: Bool = false
    ) {
      self.names = names
      rules = GGUFPreTokenizer(cuts: cuts, ignoresMerges: ignoresMerges)
      self.addsBOS = addsBOS
    }
  }

  private static func patterns(_ patterns: String...) -> [Cut] { patterns.map { .pattern($0) } }

  /// The first of several names is the one that is written.
  private static let table: [Entry] = [
    Entry(
      "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0",
      "mellum", "modern-bert", "jina-v1-en", "jina-v2-code", "roberta-bpe", "mpt", "olmo", "jais",
      "trillion", "granite-docling", "exaone4", cuts: patterns(SplitPattern.gpt2)),
    Entry(
      "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2",
      cuts: [.digits, .pattern(SplitPattern.gpt2)]),
    Entry(
      "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
      "jina-v5-nano", cuts: patterns(SplitPattern.llama3), ignoresMerges: true, addsBOS: true),
    // The same without a BOS; what is written is the name above and a flag.
    Entry("glm4", "glm5", cuts: patterns(SplitPattern.llama3), ignoresMerges: true),
    Entry("dbrx", "smaug-bpe", "chatglm-bpe", cuts: patterns(SplitPattern.llama3)),
    Entry(
      "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "hunyuan", "megrez",
      "solar-open", "grok-2", cuts: patterns(SplitPattern.qwen2)),
    Entry("qwen35", cuts: patterns(SplitPattern.qwen35)),
    Entry("ufakzeka", cuts: patterns(SplitPattern.withoutContractions)),
    Entry("seed-coder", cuts: patterns(SplitPattern.seedCoder)),
    Entry("bailingmoe", "bailingmoe2", "llada-moe", cuts: patterns(SplitPattern.bailing)),
    Entry("jais-2", cuts: patterns(SplitPattern.jais2)),
    Entry("exaone-moe", cuts: patterns(SplitPattern.exaoneMoE)),
    Entry(
      "minicpm5", cuts: patterns(SplitPattern.threeDigits, SplitPattern.miniCPM5),
      ignoresMerges: true),
    Entry("laguna", cuts: patterns(SplitPattern.lines, SplitPattern.qwen2)),
    Entry(
      "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2", cuts: patterns(SplitPattern.gpt4o)),
    Entry("granite-embed-multi-97m", cuts: patterns(SplitPattern.gpt4o), ignoresMerges: true),
    Entry(
      "tiny_aya", "cohere2moe",
      cuts: patterns(SplitPattern.digitsFromTheRight, SplitPattern.gpt4o)),
    Entry(
      "youtu", cuts: patterns(SplitPattern.youtuScripts, SplitPattern.youtu), ignoresMerges: true),
    Entry("tekken", cuts: patterns(SplitPattern.tekken), ignoresMerges: true, addsBOS: true),
    Entry(
      "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4",
      cuts: patterns(
        SplitPattern.threeDigits, SplitPattern.deepSeek3Ideographs, SplitPattern.deepSeek3)),
    Entry(
      "spark2_5",
      cuts: patterns(
        SplitPattern.threeDigits, SplitPattern.deepSeek3Ideographs, SplitPattern.spark)
        + [.digits]),
    Entry(
      "deepseek-llm",
      cuts: patterns(
        SplitPattern.lineBreak, SplitPattern.deepSeekLetters, SplitPattern.deepSeekPunctuation,
        #"\s+$"#, SplitPattern.deepSeekIdeographs, #"\p{N}+"#)),
    Entry(
      "deepseek-coder",
      cuts: patterns(
        SplitPattern.lineBreak, #"\s?\p{L}+"#, #"\s?\p{P}+"#, SplitPattern.deepSeekIdeographs)
        + [.digits]),
    Entry(
      "falcon",
      cuts: patterns(#"[\p{P}\$\+<=>\^~\|`]+"#, SplitPattern.gpt2, "[0-9][0-9][0-9]")),
    Entry("bloom", "poro-chat", "gpt3-finnish", cuts: patterns(SplitPattern.bloom)),
    Entry("viking", cuts: [.pattern(SplitPattern.bloom), .digits]),
    // Of files from before there were names.
    Entry(
      "default",
      cuts: patterns(
        #"[\p{P}\$\+<=>\^~\|]+"#, SplitPattern.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]")),
  ]
}
