// Decoders and post-processors by name.

internal import TieConv

extension StepReader {
  /// The decoder's steps; nil where there is none, which is not the same as an empty list.
  static func decoders(_ node: JSONNode?) throws(TokenizerError) -> [TokenDecoder]? {
    guard let node, node.value != .null else { return nil }
    var steps: [TokenDecoder] = []
    for node in try flattened(node, "decoders") { steps.append(try decoder(node)) }
    return steps
  }

  private static func decoder(_ node: JSONNode) throws(TokenizerError) -> TokenDecoder {
    let type = try type(node)
    switch type {
    case "ByteLevel": return .byteLevel
    case "ByteFallback": return .byteFallback
    case "Fuse": return .fuse
    case "Replace": return .replace(try finder(node["pattern"]), try text(node, "content"))
    case "Strip":
      return .strip(
        character: try text(node, "content"), start: node["start"]?.integer ?? 0,
        stop: node["stop"]?.integer ?? 0)
    case "Metaspace":
      return .metaspace(
        replacement: try text(node, "replacement", limit: 4),
        dropsFirst: try prefixScheme(node) != .never)
    case "WordPiece":
      return .wordPiece(
        prefix: Array((node["prefix"]?.string ?? "##").utf8), cleansUp: flag(node, "cleanup", true))
    case "BPEDecoder": return .suffix(Array((node["suffix"]?.string ?? "</w>").utf8))
    default: return .unsupported(type)
    }
  }

  /// The ids that go before and behind a single text.
  static func postProcessor(
    _ node: JSONNode?, limit: Int
  ) throws(TokenizerError) -> (prefix: [Int32], suffix: [Int32]) {
    var around: (prefix: [Int32], suffix: [Int32]) = ([], [])
    for node in try flattened(node, "processors") {
      let type = try type(node)
      switch type {
      case "ByteLevel": continue
      case "TemplateProcessing":
        let (before, behind) = try template(node, limit)
        around = (before + around.prefix, around.suffix + behind)
      case "BertProcessing", "RobertaProcessing":
        let first = try id(node["cls"]?.elements?.last, limit)
        let last = try id(node["sep"]?.elements?.last, limit)
        around = ([first] + around.prefix, around.suffix + [last])
      default: throw TokenizerError(.unsupported, "the post-processor \"\(type)\"")
      }
    }
    return around
  }

  private static func template(
    _ node: JSONNode, _ limit: Int
  ) throws(TokenizerError) -> ([Int32], [Int32]) {
    guard let parts = node["single"]?.elements, parts.count <= 64 else {
      throw TokenizerError(.malformed, "a template without its \"single\" list")
    }
    var before: [Int32] = []
    var behind: [Int32] = []
    var hasText = false
    for part in parts {
      if part["Sequence"] != nil {
        if hasText { throw TokenizerError(.unsupported, "a template that repeats the text") }
        hasText = true
      } else {
        guard let name = part["SpecialToken"]?["id"]?.string,
          let ids = node["special_tokens"]?[name]?["ids"]?.elements, ids.count <= 64
        else { throw TokenizerError(.malformed, "a template with a token that it does not list") }
        for node in ids {
          let id = try id(node, limit)
          if hasText { behind.append(id) } else { before.append(id) }
        }
      }
    }
    guard hasText else { throw TokenizerError(.unsupported, "a template without the text") }
    return (before, behind)
  }

  private static func id(_ node: JSONNode?, _ limit: Int) throws(TokenizerError) -> Int32 {
    guard let id = node?.integer, id >= 0, id <= limit else {
      throw TokenizerError(.malformed, "a post-processor's id that no token can have")
    }
    return Int32(id)
  }
}
