// How byte-level BPE splits text before it merges, and what GGUF calls that.
//
// llama.cpp knows each way of splitting by a name (llama-vocab.cpp), and with the name come its own
// regular expressions. So a name is given only where they are those of tokenizer.json.

/// A way of splitting text.
struct PreTokenizer: Sendable, Equatable {
  /// One step of it.
  enum Step: Sendable, Equatable {
    case split(String)
    case digits
    case byteLevel(usesPattern: Bool)
  }

  let steps: [Step]
  /// Whether a word that is a token is never taken apart.
  let ignoresMerges: Bool
  /// Whether spaces before punctuation are taken out when ids become text again.
  let cleansSpaces: Bool

  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  static let gpt2Pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let llama3Pattern =
    contractions
    + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let qwen2Pattern =
    contractions
    + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let qwen35Pattern =
    contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
    + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let casedWord =
    (
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#,
      #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"#
    )
  static let tekkenPattern =
    casedWord.0 + "|" + casedWord.1
    + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let gpt4oPattern =
    casedWord.0 + contractions + "?|" + casedWord.1 + contractions
    + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  private static func splitting(_ pattern: String) -> [Step] {
    [.split(pattern), .byteLevel(usesPattern: false)]
  }

  /// The names, with what each stands for; where several stand for the same, the first is given.
  private static let names: [(name: String, steps: [Step], ignoresMerges: Bool)] = [
    ("gpt-2", [.byteLevel(usesPattern: true)], false),
    ("gpt-2", splitting(gpt2Pattern), false),
    ("smollm", [.digits, .byteLevel(usesPattern: true)], false),
    ("llama-bpe", splitting(llama3Pattern), true),
    ("dbrx", splitting(llama3Pattern), false),
    ("qwen2", splitting(qwen2Pattern), false),
    ("qwen35", splitting(qwen35Pattern), false),
    ("tekken", splitting(tekkenPattern), true),
    ("gpt-4o", splitting(gpt4oPattern), false),
  ]

  /// Other names for the same ways, as files in the wild have them.
  private static let aliases: [String: String] = [
    "llama3": "llama-bpe", "llama-v3": "llama-bpe", "falcon3": "llama-bpe",
    "falcon-h1": "llama-bpe", "pixtral": "llama-bpe", "midm-2.0": "llama-bpe",
    "lfm2": "llama-bpe", "jina-v5-nano": "llama-bpe", "smaug-bpe": "dbrx",
    "starcoder": "smollm", "refact": "smollm", "command-r": "smollm", "codeshell": "smollm",
    "exaone": "smollm", "minerva-7b": "smollm", "mellum2": "smollm", "mpt": "gpt-2",
    "olmo": "gpt-2", "jais": "gpt-2", "trillion": "gpt-2", "granite-docling": "gpt-2",
    "phi-2": "gpt-2", "gigachat": "gpt-2", "a.x-4.0": "gpt-2", "mellum": "gpt-2",
    "modern-bert": "gpt-2", "exaone4": "gpt-2", "stablelm2": "qwen2", "hunyuan": "qwen2",
    "solar-open": "qwen2", "deepseek-r1-qwen": "qwen2", "kormo": "qwen2", "f2llmv2": "qwen2",
    "megrez": "qwen2", "grok-2": "qwen2", "llama4": "gpt-4o", "kanana2": "gpt-4o",
    "talkie": "gpt-4o", "minimax-m2": "gpt-4o",
  ]

  /// Whether llama.cpp adds a BOS with it unless a file says otherwise.
  var comesWithBOS: Bool { ["llama-bpe", "tekken"].contains(ggufName) }

  /// The name that GGUF has for it; nil where it has none.
  var ggufName: String? {
    let name = Self.names.first { $0.steps == steps && $0.ignoresMerges == ignoresMerges }?.name
    return name == "smollm" && cleansSpaces ? "starcoder" : name
  }
}

extension PreTokenizer {
  /// The way that GGUF calls `name`; nil where it is not one that can be written out.
  init?(ggufName name: String) {
    let known = Self.aliases[name] ?? name
    guard let entry = Self.names.first(where: { $0.name == known }) else { return nil }
    steps = entry.steps
    ignoresMerges = entry.ignoresMerges
    cleansSpaces = false
  }

  /// The way of a tokenizer.json; nil where a step is not one that GGUF has names for.
  init?(_ definition: TokenizerDefinition, cleansSpaces: Bool) {
    guard let node = definition.preTokenizer else { return nil }
    let nodes = node["type"]?.string == "Sequence" ? node["pretokenizers"]?.elements ?? [] : [node]
    var steps: [Step] = []
    for node in nodes {
      guard let step = Self.step(node) else { return nil }
      steps.append(step)
    }
    self.steps = steps
    ignoresMerges = definition.ignoresMerges
    self.cleansSpaces = cleansSpaces
  }

  private static func step(_ node: JSONNode) -> Step? {
    switch node["type"]?.string {
    case "ByteLevel":
      if node["add_prefix_space"]?.bool == true { return nil }
      return .byteLevel(usesPattern: node["use_regex"]?.bool ?? true)
    case "Digits": return node["individual_digits"]?.bool == true ? .digits : nil
    case "Split":
      guard let pattern = node["pattern"]?["Regex"]?.string, node["invert"]?.bool != true,
        node["behavior"]?.string == "Isolated" || node["behavior"]?.string == "Removed",
        // "Removed" of what is not inverted takes the text away; only isolation keeps it.
        node["behavior"]?.string == "Isolated"
      else { return nil }
      return .split(pattern)
    default: return nil
    }
  }

  /// The pre_tokenizer of a tokenizer.json.
  var json: JSONText {
    let nodes = steps.map(Self.json)
    guard nodes.count != 1 else { return nodes[0] }
    return ["type": "Sequence", "pretokenizers": .array(nodes)]
  }

  private static func json(_ step: Step) -> JSONText {
    switch step {
    case .digits: ["type": "Digits", "individual_digits": true]
    case .byteLevel(let usesPattern):
      [
        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": .bool(usesPattern),
      ]
    case .split(let pattern):
      [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated",
        "invert": false,
      ]
    }
  }
}
