// How a tokenizer.json spells the cuts that GGUF has names for.
//
// With a name come llama.cpp's own patterns, so a name is given only where a tokenizer.json states
// them, never for a model's name.

extension GGUFPreTokenizer {
  /// The cuts of a tokenizer.json; nil where a step is not one that GGUF has names for.
  init?(_ definition: TokenizerDefinition) {
    guard let node = definition.preTokenizer else { return nil }
    let nodes = node["type"]?.string == "Sequence" ? node["pretokenizers"]?.elements ?? [] : [node]
    // What comes behind the byte alphabet sees other characters.
    guard let last = nodes.last, last["type"]?.string == "ByteLevel",
      last["add_prefix_space"]?.bool != true
    else { return nil }
    var cuts: [Cut] = []
    for node in nodes.dropLast() {
      guard let cut = Self.cut(node) else { return nil }
      cuts.append(cut)
    }
    if last["use_regex"]?.bool ?? true { cuts.append(.pattern(SplitPattern.gpt2)) }
    self.init(cuts: cuts, ignoresMerges: definition.ignoresMerges)
  }

  private static func cut(_ node: JSONNode) -> Cut? {
    switch node["type"]?.string {
    case "Digits": return node["individual_digits"]?.bool == true ? .digits : nil
    case "Split":
      // All behaviors but isolation take text away, or join it to its neighbours.
      guard let pattern = node["pattern"]?["Regex"]?.string, node["invert"]?.bool != true,
        node["behavior"]?.string == "Isolated"
      else { return nil }
      let canonical = SplitPattern.canonical(pattern)
      return SplitPattern.digits.contains(canonical) ? .digits : .pattern(spelled(canonical))
    default: return nil
    }
  }

  /// Classes within classes are spelled out.
  private static func spelled(_ pattern: String) -> String {
    pattern == SplitPattern.nestedBloom ? SplitPattern.bloom : pattern
  }

  /// The name that GGUF has for these cuts; nil where it has none.
  ///
  /// Which of two names is given depends on whether spaces before punctuation are taken out when
  /// ids become text again.
  func ggufName(cleansSpaces: Bool) -> String? {
    name == "smollm" && cleansSpaces ? "starcoder" : name
  }

  /// The pre_tokenizer of a tokenizer.json.
  var json: JSONText {
    // The byte-level step has the first pattern built in.
    let isBuiltIn = cuts.last == .pattern(SplitPattern.gpt2)
    let nodes =
      (isBuiltIn ? cuts.dropLast() : cuts[...]).map(Self.json) + [Self.byteLevel(isBuiltIn)]
    return nodes.count == 1 ? nodes[0] : ["type": "Sequence", "pretokenizers": .array(nodes)]
  }

  private static func byteLevel(_ usesPattern: Bool) -> JSONText {
    [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
      "use_regex": .bool(usesPattern),
    ]
  }

  private static func json(_ cut: Cut) -> JSONText {
    switch cut {
    case .digits: ["type": "Digits", "individual_digits": true]
    case .pattern(let pattern):
      [
        "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated",
        "invert": false,
      ]
    }
  }
}
