// Pre-tokenizers by name.

internal import TieConv

extension StepReader {
  static func preTokenizers(_ node: JSONNode?) throws(TokenizerError) -> [PreTokenizer] {
    var stages: [PreTokenizer] = []
    for node in try flattened(node, "pretokenizers") { stages += try preTokenizer(node) }
    return stages
  }

  private static func preTokenizer(_ node: JSONNode) throws(TokenizerError) -> [PreTokenizer] {
    let type = try type(node)
    switch type {
    case "ByteLevel":
      var stages: [PreTokenizer] = []
      if flag(node, "add_prefix_space", true) { stages.append(.prefixSpace) }
      if flag(node, "use_regex", true) {
        stages.append(isolated(.pattern(try program(SplitPattern.gpt2))))
      }
      return stages + [.byteAlphabet]
    case "Split":
      return [
        .split(
          Splitter(
            finder: try finder(node["pattern"]), behavior: try behavior(node),
            isInverted: flag(node, "invert", false)))
      ]
    case "Metaspace": return [try metaspace(node)]
    case "Digits":
      let isSingle = flag(node, "individual_digits", false)
      return [
        .split(Splitter(finder: .scalars(.number), behavior: isSingle ? .isolated : .contiguous))
      ]
    case "Punctuation":
      let behavior = node["behavior"] == nil ? SplitBehavior.isolated : try behavior(node)
      return [.split(Splitter(finder: .scalars(.punctuation), behavior: behavior))]
    case "Whitespace":
      let words = try program(KnownPattern.wordsAndMarks)
      return [
        .split(Splitter(finder: .pattern(words), behavior: .removed, isInverted: true))
      ]
    case "WhitespaceSplit":
      return [.split(Splitter(finder: .scalars(.whiteSpace), behavior: .removed))]
    case "CharDelimiterSplit":
      let delimiter = try text(node, "delimiter", limit: 4).scalars
      guard delimiter.count == 1 else {
        throw TokenizerError(.malformed, "a delimiter that is not one character")
      }
      return [.split(Splitter(finder: .scalars(.one(delimiter[0])), behavior: .removed))]
    case "BertPreTokenizer":
      return [
        .split(Splitter(finder: .scalars(.whiteSpace), behavior: .removed)),
        isolated(.scalars(.punctuation)),
      ]
    default: throw TokenizerError(.unsupported, "the pre-tokenizer \"\(type)\"")
    }
  }

  static func isolated(_ finder: PieceFinder) -> PreTokenizer {
    .split(Splitter(finder: finder, behavior: .isolated))
  }

  private static func behavior(_ node: JSONNode) throws(TokenizerError) -> SplitBehavior {
    guard let name = node["behavior"]?.string, let behavior = SplitBehavior(rawValue: name) else {
      throw TokenizerError(.malformed, "a split without a behavior that is known")
    }
    return behavior
  }

  private static func metaspace(_ node: JSONNode) throws(TokenizerError) -> PreTokenizer {
    let replacement = try text(node, "replacement", limit: 4)
    guard replacement.scalars.count == 1 else {
      throw TokenizerError(.malformed, "a metaspace that is not one character")
    }
    return .metaspace(
      replacement: replacement, scheme: try prefixScheme(node), splits: flag(node, "split", true))
  }

  /// Older files say `add_prefix_space` instead.
  static func prefixScheme(_ node: JSONNode) throws(TokenizerError) -> PreTokenizer.PrefixScheme {
    guard let name = node["prepend_scheme"]?.string else {
      return flag(node, "add_prefix_space", true) ? .always : .never
    }
    guard let scheme = PreTokenizer.PrefixScheme(rawValue: name) else {
      throw TokenizerError(.malformed, "a metaspace's \"prepend_scheme\" that is not known")
    }
    return scheme
  }
}
