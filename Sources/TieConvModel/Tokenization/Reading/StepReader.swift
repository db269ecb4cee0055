// Reads the lists of steps: what each is called and what it is told.

internal import TieConv
internal import TieConvIO

/// Reads steps from their nodes; an unknown one is refused by its name.
enum StepReader {
  /// The most steps that are taken.
  private static let maximumSteps = 64
  /// The longest replacement, so that a text cannot grow out of bounds.
  static let longestReplacement = 256

  /// The steps of a node: itself, or those of its sequence, however nested.
  static func flattened(
    _ node: JSONNode?, _ list: String, depth: Int = 0
  ) throws(TokenizerError) -> [JSONNode] {
    guard let node, node.value != .null else { return [] }
    guard node["type"]?.string == "Sequence" else { return [node] }
    guard depth < 8, let elements = node[list]?.elements else {
      throw TokenizerError(.malformed, "a sequence without its list, or nested too deep")
    }
    var steps: [JSONNode] = []
    for element in elements {
      steps += try flattened(element, list, depth: depth + 1)
      guard steps.count <= maximumSteps else {
        throw TokenizerError(.malformed, "more than \(maximumSteps) steps")
      }
    }
    return steps
  }

  static func type(_ node: JSONNode) throws(TokenizerError) -> String {
    guard let type = node["type"]?.string else {
      throw TokenizerError(.malformed, "a step without a type")
    }
    return type
  }

  /// The text of `key`, which must be there.
  static func text(
    _ node: JSONNode, _ key: String, limit: Int = longestReplacement
  ) throws(TokenizerError) -> [UInt8] {
    guard let text = node[key]?.string else {
      throw TokenizerError(.malformed, "a step without its \"\(key)\"")
    }
    guard text.utf8.count <= limit else {
      throw TokenizerError(.malformed, "a \"\(key)\" of \(text.utf8.count) bytes")
    }
    return Array(text.utf8)
  }

  static func flag(_ node: JSONNode, _ key: String, _ value: Bool) -> Bool {
    node[key]?.bool ?? value
  }

  /// The finder that a pattern node means.
  static func finder(_ node: JSONNode?) throws(TokenizerError) -> PieceFinder {
    if let literal = node?["String"]?.string { return .literal(Array(literal.utf8)) }
    guard let pattern = node?["Regex"]?.string else {
      throw TokenizerError(.malformed, "a step without its pattern")
    }
    return .pattern(try program(pattern))
  }

  static func program(_ pattern: String) throws(TokenizerError) -> PatternProgram {
    do throws(PatternError) {
      return try PatternProgram(pattern)
    } catch {
      throw TokenizerError(.unsupported, "a pattern with \(error.message)")
    }
  }

  static func normalizers(_ node: JSONNode?) throws(TokenizerError) -> [Normalizer] {
    var steps: [Normalizer] = []
    for node in try flattened(node, "normalizers") { steps.append(try normalizer(node)) }
    return steps
  }

  private static func normalizer(_ node: JSONNode) throws(TokenizerError) -> Normalizer {
    let type = try type(node)
    if let form = NormalForm(rawValue: type) { return .form(form) }
    switch type {
    case "Lowercase": return .lowercase
    case "StripAccents": return .stripAccents
    case "Strip":
      return .strip(
        left: flag(node, "strip_left", true), right: flag(node, "strip_right", true))
    case "Prepend": return .prepend(try text(node, "prepend"))
    case "Replace": return .replace(try finder(node["pattern"]), try text(node, "content"))
    case "Nmt": return .nmt
    case "ByteLevel": return .byteAlphabet
    case "BertNormalizer":
      let lowercases = flag(node, "lowercase", true)
      return .bert(
        BertNormalizer(
          cleansText: flag(node, "clean_text", true),
          partsChinese: flag(node, "handle_chinese_chars", true),
          stripsAccents: flag(node, "strip_accents", lowercases), lowercases: lowercases))
    case "Precompiled":
      let coded = try text(node, "precompiled_charsmap", limit: 16 << 20)
      guard let blob = Base64.decode(String(decoding: coded, as: UTF8.self)),
        let map = PrecompiledCharsmap(blob)
      else { throw TokenizerError(.malformed, "a damaged \"precompiled_charsmap\"") }
      return .precompiled(map)
    default: throw TokenizerError(.unsupported, "the normalizer \"\(type)\"")
    }
  }
}
