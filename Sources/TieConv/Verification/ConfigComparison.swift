// Equal tensors under another config are another model: what two configs say, field by field.

/// The fields in which two configs differ.
struct ConfigComparison {
  /// Fields that both state, with another value in each, in words; no more than are shown.
  private(set) var differences: [String] = []
  /// How many such fields there are.
  private(set) var differenceCount = 0
  /// Fields that one states and the other leaves to a default; no more than are shown.
  private(set) var statedOnce: [String] = []
  /// How many such fields there are.
  private(set) var statedOnceCount = 0

  /// At most this many fields are named.
  private static let limit = 6

  /// Fields, at any level, that change no number that a model computes from its tensors: who wrote
  /// the file, how tensors are stored (dtype, packing and ties are compared as tensors), how
  /// training begins.
  private static let neutral: Set<String> = [
    "_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache",
    ModelConfig.flagKey, "quantization_config", "quantization", "initializer_range",
    "initializer_factor", "gradient_checkpointing", "_attn_implementation",
    "_attn_implementation_autoset", "return_dict", "output_attentions", "output_hidden_states",
    "id2label", "label2id", "architectures",
  ]

  /// Compares `one` with `other`.
  init(_ one: ModelConfig, _ other: ModelConfig) {
    compare(one.root.members ?? [], other.root.members ?? [], at: [])
  }

  private mutating func compare(_ one: [JSONMember], _ other: [JSONMember], at path: [String]) {
    let left = one.filter(Self.counts)
    let right = other.filter(Self.counts)
    let twins = Dictionary(right.map { ($0.key, $0.node) }, uniquingKeysWith: { first, _ in first })
    for member in left {
      guard let twin = twins[member.key] else {
        noteOnce(path + [member.key])
        continue
      }
      if let members = member.node.members, let others = twin.members {
        compare(members, others, at: path + [member.key])
      } else if !Self.isSame(member.node, twin) {
        differenceCount += 1
        if differences.count < Self.limit {
          differences.append(
            "\(Self.spelled(path + [member.key])) is \(Self.spelled(member.node)) and "
              + Self.spelled(twin))
        }
      }
    }
    let known = Set(left.map(\.key))
    for member in right where !known.contains(member.key) { noteOnce(path + [member.key]) }
  }

  private mutating func noteOnce(_ path: [String]) {
    statedOnceCount += 1
    if statedOnce.count < Self.limit { statedOnce.append(Self.spelled(path)) }
  }

  /// Whether a field says anything of what is computed; null says nothing.
  private static func counts(_ member: JSONMember) -> Bool {
    !neutral.contains(member.key) && !member.key.contains("dropout")
      && !member.key.hasSuffix("pdrop") && member.node.value != .null
  }

  /// Whether two values are the same one, however numbers are spelled. A fraction is the same where
  /// it is in F32: no more is left of it in a file that came by way of GGUF.
  private static func isSame(_ one: JSONNode, _ other: JSONNode) -> Bool {
    switch (one.value, other.value) {
    case (.number(let left), .number(let right)):
      if let left = one.integer, let right = other.integer {
        left == right
      } else if let left = one.double, let right = other.double {
        // A number that is none equals not even itself.
        Float(left) == Float(right) || left.isNaN && right.isNaN
      } else {
        left == right
      }
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { isSame($0, $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count
        && zip(left, right).allSatisfy { $0.key == $1.key && isSame($0.node, $1.node) }
    default: one.value == other.value
    }
  }

  private static func spelled(_ path: [String]) -> String {
    path.map(shortened).joined(separator: ".")
  }

  private static func shortened(_ text: String) -> String {
    text.utf8.count > 60 ? text.prefix(50) + "…" : text
  }

  private static func spelled(_ node: JSONNode) -> String {
    switch node.value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let text): text
    case .string(let text): "\"\(shortened(text))\""
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}

extension ConfigComparison {
  /// The comparison as a check; nil where there is nothing to say.
  var check: VerifyReport.Check? {
    func named(_ fields: [String], _ count: Int) -> String {
      fields.joined(separator: ", ")
        + (count > fields.count ? " and \(count - fields.count) more" : "")
    }
    var parts: [String] = []
    if differenceCount > 0 { parts.append(named(differences, differenceCount)) }
    if statedOnceCount > 0 {
      parts.append(
        "only one states \(named(statedOnce, statedOnceCount)), which may be the other's default")
    }
    guard !parts.isEmpty else { return nil }
    return VerifyReport.Check(
      name: "config", passed: differenceCount == 0, message: parts.joined(separator: "; "))
  }
}
