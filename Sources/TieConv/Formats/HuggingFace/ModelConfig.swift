// config.json: what it says of the tie, at every level, with its text kept for exact edits.

/// A model's config.json.
public struct ModelConfig: Sendable {
  /// The largest config that is read; real ones are below 1 MB.
  static let maximumSize = 16 << 20
  /// The field that says whether embedding and head are one matrix.
  static let flagKey = "tie_word_embeddings"
  /// Keys under which composite models keep the configuration of their language model. Flags
  /// under any other key (a vision tower's, say) are about other matrices.
  static let textKeys: Set<String> = [
    "text_config", "language_config", "llm_config", "decoder", "text_model", "language_model",
    "llm", "lm_config", "thinker_config",
  ]

  /// Where the file lies.
  public let path: String
  /// The text.
  let text: [UInt8]
  /// The text as a tree.
  public let root: JSONNode
  /// Paths to the language model's own levels, outermost first; the root is the empty path.
  public let levels: [[String]]

  /// Reads a config.
  ///
  /// - Throws: `invalidConfig` where it is not a JSON object, or a tie flag is not a boolean.
  init(path: String, text: [UInt8]) throws(CheckpointError) {
    let root: JSONNode
    do { root = try JSONNode.parse(text, allowsNonFinite: true) } catch {
      throw CheckpointError(
        .invalidConfig, file: path, offset: error.offset, "config is not JSON: \(error.message)")
    }
    guard root.members != nil else {
      throw CheckpointError(.invalidConfig, file: path, "config is not a JSON object")
    }
    self.path = path
    self.text = text
    self.root = root
    levels = Self.textLevels(of: root)
    for level in levels {
      guard let node = root[path: level + [Self.flagKey]] else { continue }
      switch node.value {
      case .bool, .null: continue
      default:
        throw CheckpointError(
          .invalidConfig, file: path, offset: node.range.lowerBound,
          "\(Self.flagKey) is neither true nor false",
          hint: "loaders written in Python take any such value for true or false; write it out")
      }
    }
  }

  private static func textLevels(of root: JSONNode) -> [[String]] {
    var levels: [[String]] = [[]]
    var next = 0
    while next < levels.count {
      let level = levels[next]
      next += 1
      guard level.count < 3, let members = root[path: level]?.members else { continue }
      for member in members where textKeys.contains(member.key) && member.node.members != nil {
        levels.append(level + [member.key])
      }
    }
    return levels
  }

  /// The class names under `architectures`.
  public var architectures: [String] {
    root["architectures"]?.elements?.compactMap(\.string) ?? []
  }

  /// The model type, of the whole model.
  public var modelType: String? { root["model_type"]?.string }

  /// The value of `key` at the language model's innermost level that states it.
  public func textValue(_ key: String) -> JSONNode? {
    for level in levels.reversed() {
      if let node = root[path: level + [key]], node.value != .null { return node }
    }
    return nil
  }

  /// The number of tokens that the config states; nil where it states none or a negative one.
  public var vocabularySize: Int? { textValue("vocab_size")?.integer.flatMap { $0 < 0 ? nil : $0 } }

  /// The quantization settings, under either of the names that they go by.
  public var quantization: JSONNode? {
    root["quantization_config"] ?? textValue("quantization_config") ?? root["quantization"]
  }
}

extension ModelConfig {
  /// One level's word on the tie.
  public struct FlagStatement: Sendable, Equatable {
    /// The level and key, joined by dots.
    public let path: String
    /// How deep the level lies; 0 is the outermost.
    public let depth: Int
    /// What it says.
    public let value: Bool
  }

  /// What each level that states the flag says, outermost first.
  public var flagStatements: [FlagStatement] {
    levels.compactMap { level in
      guard let value = root[path: level + [Self.flagKey]]?.bool else { return nil }
      let path = (level + [Self.flagKey]).joined(separator: ".")
      return FlagStatement(path: path, depth: level.count, value: value)
    }
  }

  /// A change of one flag, for reports and receipts.
  public struct FlagEdit: Sendable, Equatable {
    /// The level and key, joined by dots.
    public let path: String
    /// What stood there; nil where nothing did.
    public let before: Bool?
    /// What stands there now.
    public let after: Bool
  }

  /// The text with the flag stated as `value` at every level, and what was changed.
  ///
  /// Nothing is changed where the outermost level and every other that states it agree already.
  /// Every other byte, order and number spelling of the text stays.
  func settingFlag(to value: Bool) -> (text: [UInt8], edits: [FlagEdit]) {
    let statements = flagStatements
    if statements.first?.depth == 0, statements.allSatisfy({ $0.value == value }) {
      return (text, [])
    }
    var edit = JSONEdit()
    var edits: [FlagEdit] = []
    for level in levels {
      guard let object = root[path: level] else { continue }
      let node = object[Self.flagKey]
      if node?.bool == value { continue }
      if let node {
        edit.replace(node.range, with: value ? "true" : "false")
      } else {
        edit.insert(Self.flagKey, value ? "true" : "false", into: object, of: text)
      }
      let path = (level + [Self.flagKey]).joined(separator: ".")
      edits.append(FlagEdit(path: path, before: node?.bool, after: value))
    }
    return (edit.applied(to: text), edits)
  }
}
