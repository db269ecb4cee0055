// Which ids are special, and whether they are added to every text.
//
// The order of evidence is the converter's (gguf-py, vocab.py): what the post-processor does, then
// tokenizer_config.json, then config.json.

/// The special tokens of a tokenizer.
struct SpecialTokens: Sendable {
  /// The kinds in the order in which they are looked up.
  private var kinds = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]
  /// Ids by kind, in the order in which they were found.
  private(set) var ids: [(kind: String, id: Int)] = []
  /// Whether a token of a kind is added to every text.
  private(set) var added: [(kind: String, flag: Bool)] = []
  private var names: [String: String] = [:]

  init(files: TokenizerFiles, config: ModelConfig, limit: Int) {
    for kind in kinds {
      if let name = Self.name(files.config?["\(kind)_token"]) { names[kind] = name }
    }
    if files.definition != nil {
      if names["bos"] == nil { names["bos"] = names["cls"] }
      if names["eos"] == nil { names["eos"] = names["sep"] }
    }
    if let node = files.definition?.postProcessor {
      for processor in node["processors"]?.elements ?? [node] { read(processor) }
    }
    if files.config != nil {
      for kind in kinds {
        if let flag = files.config?["add_\(kind)_token"]?.bool, self[kind] == nil {
          added.append((kind, flag))
        }
        let token = names[kind].flatMap { name in
          files.definition?.addedTokens.first { $0.content.hasSameBytes(as: name) }
        }
        if let token { set(kind, token.id, limit) }
      }
    }
    for kind in kinds {
      let node = config.root["\(kind)_token_id"] ?? config.textValue("\(kind)_token_id")
      if let id = node?.integer { set(kind, id, limit) }
    }
  }

  /// Whether tokens of `kind` are added to every text; nil where nobody says.
  subscript(kind: String) -> Bool? { added.first { $0.kind == kind }?.flag }

  private static func name(_ node: JSONNode?) -> String? {
    node?.string ?? node?["content"]?.string
  }

  private mutating func set(_ kind: String, _ id: Int, _ limit: Int) {
    guard id >= 0, id < limit, !ids.contains(where: { $0.kind == kind }) else { return }
    ids.append((kind, id))
  }

  private mutating func setAdded(_ kind: String, _ flag: Bool) {
    if let place = added.firstIndex(where: { $0.kind == kind }) {
      added[place].flag = flag
    } else {
      added.append((kind, flag))
    }
  }

  private mutating func read(_ processor: JSONNode) {
    switch processor["type"]?.string {
    case "ByteLevel":
      for kind in ["bos", "eos"] where self[kind] == nil { setAdded(kind, false) }
    case "RobertaProcessing":
      for kind in ["bos", "eos", "sep"] { setAdded(kind, true) }
    case "TemplateProcessing": readTemplate(processor)
    default: return
    }
  }

  private mutating func readTemplate(_ processor: JSONNode) {
    let single = processor["single"]?.elements ?? []
    let first = Self.special(single.first)
    let last = Self.special(single.last)
    guard single.count > 1 else { return }
    if let first {
      if names["bos"] == nil { names["bos"] = first }
      if names["cls"] == nil, names["bos"] != first { names["cls"] = first }
      setAdded("bos", [names["bos"], names["cls"]].contains(first))
    }
    if let last {
      if let end = names["eos"], end != last {
        // What ends a text and what ends a turn are two tokens.
        let kind = kinds.contains("eot") ? "eom" : "eot"
        if !kinds.contains(kind) { kinds.append(kind) }
        names[kind] = end
      }
      names["eos"] = last
      setAdded("eos", true)
    }
    readPair(processor["pair"]?.elements ?? [], first, last)
  }

  /// Whether a separator stands between two texts.
  private mutating func readPair(_ pair: [JSONNode], _ first: String?, _ last: String?) {
    var rest = pair[...]
    if let first, Self.special(rest.first) == first { rest = rest.dropFirst() }
    if let last, Self.special(rest.last) == last { rest = rest.dropLast() }
    guard rest.count > 2, rest.first?["Sequence"]?["id"]?.string == "A",
      rest.last?["Sequence"]?["id"]?.string == "B"
    else { return }
    let middle = rest.dropFirst().dropLast().map(Self.special)
    func isSeparator(_ name: String?) -> Bool {
      name != nil && (name == names["sep"] || name == names["eos"])
    }
    let opens = isSeparator(middle.first ?? nil) && last == nil
    setAdded("sep", opens || (middle.count == 2 && isSeparator(middle[1])))
  }

  private static func special(_ node: JSONNode?) -> String? {
    node?["SpecialToken"]?["id"]?.string
  }

  /// GGUF's names for the kinds; the misspelling is the format's own.
  private static let keys = [
    "bos": "bos", "eos": "eos", "unk": "unknown", "sep": "seperator", "pad": "padding",
    "cls": "cls", "mask": "mask", "eot": "eot", "eom": "eom",
  ]

  /// The metadata.
  var entries: [(String, GGUFValue)] {
    ids.compactMap { kind, id in
      Self.keys[kind].map { ("tokenizer.ggml.\($0)_token_id", .uint32(UInt32(clamping: id))) }
    }
      + added.filter { ["bos", "eos", "sep"].contains($0.kind) }.map { kind, flag in
        ("tokenizer.ggml.add_\(kind)_token", .bool(flag))
      }
  }
}
