// The facts of a checkpoint that decide what a loader does with it: nothing else is looked at.

/// One checkpoint as loaders see it.
public struct LoaderSituation: Hashable, Sendable {
  /// The format of the weight files.
  public enum FileFormat: String, Hashable, Sendable { case safetensors, pytorch, gguf, mlx, other }

  /// The format of the weight files.
  public var format: FileFormat = .safetensors
  /// `architectures[0]`.
  public var architecture: String?
  /// `model_type`.
  public var modelType: String?
  /// What the architecture declares; nil where it is unknown.
  public var convention: TieConvention?
  /// `general.architecture` of a GGUF file.
  public var ggufArchitecture: String?

  /// `tie_word_embeddings` at the top of config.json, or nil where it is absent or null.
  public var outerFlag: Bool?
  /// The same in the nested text config.
  public var innerFlag: Bool?
  /// The key of the nested config, or nil where the file has none.
  public var innerPath: String?
  /// `model_type` of the nested config.
  public var innerModelType: String?
  /// `tie_embedding`, an older name that LFM2 reads.
  public var aliasFlag: Bool?

  /// Whether an embedding is stored.
  public var embeddingStored = true
  /// Whether a head is stored.
  public var headStored = false
  /// The head's name as stored.
  public var headName: String?
  /// Whether the two matrices are equal; nil: not compared.
  public var equal: Bool?
  /// Whether the two have one shape; nil where that is not known.
  public var sameShape: Bool?
  /// Whether the embedding is packed.
  public var embeddingQuantized = false
  /// Whether the head is packed.
  public var headQuantized = false
  /// Whether the head has a bias.
  public var headBiasStored = false
  /// What is known of the checkpoint's packing as a whole.
  public var packing = PackingFacts()
  /// Scales or zeros of a head whose weight is gone.
  public var strayHeadCompanions = false

  /// A checkpoint of an architecture; the convention is looked up.
  public init(architecture: String?, modelType: String? = nil) {
    self.architecture = architecture
    self.modelType = modelType
    convention = TieConventions.convention(architecture: architecture, modelType: modelType)
    self.modelType = modelType ?? convention?.modelType
  }
}

extension LoaderSituation {
  /// Whether the class has no head by design.
  var isHeadless: Bool { convention?.isHeadless ?? false }

  /// The flag as a transformers generation sees it, or nil where its default is not known.
  ///
  /// Generation 4 read it from the nested text config where there is one, generation 5 from the
  /// outermost config, with the exceptions of `FlagRule`.
  public func effectiveFlag(_ generation: TransformersGeneration) -> Bool? {
    switch generation {
    case .four:
      guard readsNestedConfig else { return outerFlag ?? convention?.transformers4FlagDefault }
      if innerPath == nil, passesFlatConfigOn, let outerFlag { return outerFlag }
      return effectiveInnerFlag(.four)
    case .five:
      guard let convention else { return outerFlag }
      let alias = convention.flagRule == .aliasTieEmbedding ? aliasFlag : nil
      let fallback: Bool? =
        convention.flagRule == .innerWhenOuterAbsent ? nil : convention.flagDefault ?? false
      return convention.flagRule.effective(
        outer: alias ?? outerFlag ?? fallback, inner: effectiveInnerFlag(.five))
    }
  }

  /// Whether `get_text_config(decoder=True)` of transformers 4 descends.
  private var readsNestedConfig: Bool {
    let descended = ["text_config", "decoder", "generator"]
    let path = innerPath ?? convention?.textConfigs.first?.path
    return path.map(descended.contains) ?? false
  }

  /// Older files of these types are flat, and their values went into the nested config.
  private var passesFlatConfigOn: Bool {
    let types = ["fuyu", "glm4v", "glm4v_moe", "qwen2_vl", "qwen2_5_vl"]
    return modelType.map(types.contains) ?? false
  }

  private func effectiveInnerFlag(_ generation: TransformersGeneration) -> Bool? {
    if let innerFlag { return innerFlag }
    let declared =
      convention?.textConfigs.first { $0.path == innerPath }
      ?? convention?.textConfigs.first
    let own = generation == .four ? declared?.transformers4FlagDefault : declared?.flagDefault
    if let own { return own }
    guard let type = innerModelType ?? declared?.modelType else { return nil }
    guard let family = TieConventions.convention(modelType: type) else {
      return generation == .five && innerModelType == nil ? false : nil
    }
    return family.flagDefault(generation) ?? (generation == .five ? false : nil)
  }
}
