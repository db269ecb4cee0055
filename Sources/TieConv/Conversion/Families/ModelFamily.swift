// What is known of one family of decoders: its names and layouts in both worlds, and the defaults
// that its config class fills in.

/// One family of models that can be converted.
struct ModelFamily: Sendable {
  /// The class names in `architectures`, the one that is written first.
  let architectures: [String]
  /// `model_type` as it is written.
  let modelType: String
  /// `general.architecture`.
  let ggufArchitecture: String
  /// What every name may or may not start with: checkpoints of the base class lack it.
  let basePrefix: String
  /// The table.
  let rules: [TensorRule]
  /// Names that end so hold buffers, not weights; nobody needs them.
  var ignoredSuffixes = [".rotary_emb.inv_freq", ".attention.masked_bias", ".attention.bias"]
  /// What the config class says where config.json is silent.
  var defaults: [String: ConfigDefault] = [:]
  /// Whether a GGUF file of it can be turned back.
  var isReadFromGGUF = false

  /// A config field's default.
  enum ConfigDefault: Sendable, Equatable {
    case number(Double)
    case bool(Bool)
    /// The value of another field.
    case field(String)
    /// The width of the model over its number of heads.
    case headWidth
  }

  /// The family of a class name, or of a model type.
  static func family(architecture: String?, modelType: String?) -> ModelFamily? {
    if let architecture, let family = all.first(where: { $0.architectures.contains(architecture) })
    {
      return family
    }
    return architecture == nil ? all.first { $0.modelType == modelType } : nil
  }

  /// The family of a GGUF architecture.
  static func family(gguf architecture: String) -> ModelFamily? {
    all.first { $0.ggufArchitecture == architecture && $0.isReadFromGGUF }
  }

  /// Where a Hugging Face tensor belongs.
  struct Place: Sendable, Equatable {
    let rule: TensorRule
    let block: Int
    /// `.weight` or `.bias`.
    let suffix: String

    var huggingFaceName: String { TensorRule.filled(rule.huggingFace, block) + suffix }
    var ggufName: String { TensorRule.filled(rule.gguf, block) + suffix }
  }

  /// The place of the tensor called `name` in Hugging Face's way, in whatever spelling; nil where
  /// no rule knows it.
  func place(huggingFace name: String) -> Place? {
    var spellings = [name]
    // Composite models keep their text model one level down.
    for prefix in ["language_model.", "model.language_model."] where name.hasPrefix(prefix) {
      let rest = String(name.dropFirst(prefix.count))
      spellings += [rest, "model." + rest]
    }
    if !basePrefix.isEmpty { spellings.append(basePrefix + name) }
    return spellings.lazy.compactMap { place($0, \.huggingFace) }.first
  }

  /// The place of the tensor called `name` in a GGUF file; nil where no rule knows it.
  func place(gguf name: String) -> Place? { place(name, \.gguf) }

  private func place(_ name: String, _ side: KeyPath<TensorRule, String>) -> Place? {
    let tensor = TensorName(name)
    guard let module = tensor.module, tensor.last == "weight" || tensor.last == "bias" else {
      return nil
    }
    for rule in rules {
      if let block = TensorRule.block(of: module, in: rule[keyPath: side]) {
        return Place(rule: rule, block: block, suffix: "." + tensor.last)
      }
    }
    return nil
  }

  /// Whether `name` is a buffer that is left out.
  func isIgnored(_ name: String) -> Bool { ignoredSuffixes.contains { name.hasSuffix($0) } }
}
