// What the normalizer and the pre-tokenizer of a tokenizer.json make of text before pieces are looked
// for, in the terms of SentencePiece: GGUF has those and no others.

internal import TieConvIO

/// The steps before a model whose pieces carry marks of spaces.
struct SpaceSteps {
  /// A step that SentencePiece has no word for.
  struct Unknown: Error {
    /// What the step is called, or what about it is odd.
    let name: String
  }

  /// How a mark is put before text.
  enum Prefix { case none, always, unlessThere, unlessThereAtTheStart }

  /// The compiled map of characters; empty where characters stay.
  private(set) var charactersMap: [UInt8] = []
  private(set) var prefix = Prefix.none
  /// Whether runs of spaces become one.
  private(set) var mergesSpaces = false
  /// Whether white space at the start, and at the end, is dropped.
  private(set) var dropsLeading = false
  private(set) var dropsTrailing = false
  /// Whether plain spaces at the end are dropped.
  private(set) var dropsTrailingSpaces = false
  /// Whether white space of every kind parts words, and is dropped.
  private(set) var partsAtWhiteSpace = false
  /// Whether spaces become marks, at the end of all steps.
  private var marksSpaces = false
  /// Whether words are looked at one by one.
  private(set) var splitsWords = false

  /// What llama.cpp makes of a text's edges otherwise, where spaces are not merged.
  var notes: [String] {
    var notes: [String] = []
    if prefix == .unlessThere || prefix == .unlessThereAtTheStart {
      notes.append(
        "before a text that starts with a space llama.cpp puts another one; this tokenizer does not"
      )
    }
    if prefix == .unlessThereAtTheStart {
      notes.append(
        "behind a special token llama.cpp starts a word; this tokenizer goes on with the last one")
    }
    return notes
  }

  /// The pattern that stands for spaces at a text's end; Strip takes other white space too.
  static let trailingSpaces = #" +\z"#

  init(_ definition: TokenizerDefinition) throws(Unknown) {
    for node in try Self.flattened(definition.normalizer, "normalizers") { try normalize(node) }
    for node in try Self.flattened(definition.preTokenizer, "pretokenizers") { try split(node) }
    guard marksSpaces else { throw Unknown(name: "spaces without marks") }
  }

  private static func flattened(
    _ node: JSONNode?, _ key: String, depth: Int = 0
  ) throws(Unknown) -> [JSONNode] {
    guard let node else { return [] }
    guard node["type"]?.string == "Sequence" else { return [node] }
    guard depth < 8 else { throw Unknown(name: "a sequence nested too deep") }
    var nodes: [JSONNode] = []
    for element in node[key]?.elements ?? [] {
      nodes += try flattened(element, key, depth: depth + 1)
    }
    return nodes
  }

  private mutating func normalize(_ node: JSONNode) throws(Unknown) {
    let type = node["type"]?.string ?? "a step without a type"
    // Behind that, no step finds a space.
    guard !marksSpaces || type == "Prepend" else {
      throw Unknown(name: "\(type) behind the marks of spaces")
    }
    switch type {
    case "Precompiled":
      // Only ahead of what it would change.
      guard charactersMap.isEmpty, prefix == .none, !mergesSpaces,
        let text = node["precompiled_charsmap"]?.string, let map = Base64.decode(text)
      else { throw Unknown(name: "a map of characters behind other steps, or a damaged one") }
      charactersMap = map
    case "Strip":
      dropsLeading = dropsLeading || node["strip_left"]?.bool ?? true
      dropsTrailing = dropsTrailing || node["strip_right"]?.bool ?? true
    case "Prepend":
      guard node["prepend"]?.string == .spaceMark else { throw Unknown(name: type) }
      prefix = .always
    case "Replace":
      let isOfSpace = [" ", String.spaceMark].contains(node["content"]?.string ?? "")
      let pattern = node["pattern"]?["Regex"]?.string
      if isOfSpace, pattern == " {2,}" {
        mergesSpaces = true
      } else if pattern == Self.trailingSpaces, node["content"]?.string?.isEmpty == true {
        dropsTrailingSpaces = true
      } else if node["content"]?.string == .spaceMark, node["pattern"]?["String"]?.string == " " {
        marksSpaces = true
      } else {
        throw Unknown(name: "Replace \(node["pattern"]?.members?.first?.node.string ?? "")")
      }
    default: throw Unknown(name: type)
    }
  }

  private mutating func split(_ node: JSONNode) throws(Unknown) {
    let type = node["type"]?.string ?? "a step without a type"
    switch type {
    case "WhitespaceSplit" where !marksSpaces: partsAtWhiteSpace = true
    case "Metaspace":
      guard prefix == .none, node["replacement"]?.string == .spaceMark else {
        throw Unknown(name: "Metaspace with another mark, or behind one")
      }
      marksSpaces = true
      splitsWords = node["split"]?.bool ?? true
      switch node["prepend_scheme"]?.string {
      case "never": prefix = .none
      case "first": prefix = .unlessThereAtTheStart
      case "always": prefix = .unlessThere
      // Older files have a flag.
      default: prefix = node["add_prefix_space"]?.bool ?? true ? .unlessThere : .none
      }
    // Gemma's, which finds nothing, as by then no space is left.
    case "Split" where marksSpaces && node["pattern"]?["String"]?.string == " ": return
    default: throw Unknown(name: type)
    }
  }
}
