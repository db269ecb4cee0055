// Finds a decoder's weights in a checkpoint: names, shapes, and what is missing or left over.

internal import TieConv
internal import TieConvIO
internal import TieConvKernels

/// Loads the weights of one checkpoint.
struct WeightLoader {
  let model: TranslatedModel
  let configuration: DecoderConfiguration
  let precision: ComputePrecision
  let options: ExecutionOptions

  /// The precision that the stored weights ask for: ggml's for packed GGUF weights, F32 for F32,
  /// else BF16.
  static func naturalPrecision(
    of model: TranslatedModel, _ configuration: DecoderConfiguration
  ) -> ComputePrecision {
    if model.isGGUF, model.tensors.contains(where: { model.storedDType($0.name)?.isBlock == true })
    {
      return .ggml
    }
    let name = TensorNames.embedding(configuration.family)
    let prefix = TensorNames.standardPrefix(configuration.family)
    let found = model.storedDType(prefix + name) ?? model.storedDType(name)
    return (found ?? .f32) == .f32 ? .f32 : .bf16
  }

  func load() throws(CheckpointError) -> DecoderWeights {
    let prefix = prefix()
    var bindings = try tables(prefix)
    bindings += TensorNames(configuration, prefix: prefix).bindings()
    try refuseUnknown(bindings)
    // All shapes first: what is allocated is then bounded by what is stored.
    for binding in bindings { try checkShape(binding) }
    var order: [ParameterKey] = []
    var groups: [ParameterKey: [TensorBinding]] = [:]
    for binding in bindings {
      if groups[binding.key] == nil { order.append(binding.key) }
      groups[binding.key, default: []].append(binding)
    }
    var files = MappedFiles()
    var parameters: [ParameterKey: WeightMatrix] = [:]
    for key in order {
      try options.checkCancellation()
      parameters[key] = try matrix(key.role, groups[key] ?? [], &files)
    }
    return try tied(
      DecoderWeights(
        configuration: configuration, precision: precision, parameters: parameters,
        bindings: bindings, files: files.all))
  }

  // MARK: Names

  /// Full models have a prefix before every name; base models saved alone have none.
  private func prefix() -> String {
    let standard = TensorNames.standardPrefix(configuration.family)
    let name = TensorNames.embedding(configuration.family)
    return model.tensor(standard + name) == nil && model.tensor(name) != nil
      ? "" : standard
  }

  /// The bindings of embedding, head and head bias.
  private func tables(_ prefix: String) throws(CheckpointError) -> [TensorBinding] {
    let embedding = prefix + TensorNames.embedding(configuration.family)
    let head = TensorNames.heads.first { model.tensor($0) != nil }
    let shape = [configuration.vocabularySize, configuration.hiddenSize]
    func binding(_ name: String, _ role: ParameterKey.Role) -> TensorBinding {
      TensorBinding(name: name, key: ParameterKey(role), shape: shape, placement: .rows(from: 0))
    }
    var found: [TensorBinding] = []
    if model.tensor(embedding) != nil {
      found.append(binding(embedding, .embedding))
      if let head { found.append(binding(head, .head)) }
    } else if configuration.isTied, let head {
      // Only the head is stored, and it is the embedding.
      found.append(binding(head, .embedding))
    } else {
      throw missing(embedding)
    }
    if head == nil, !configuration.isTied {
      throw CheckpointError(
        .notAModel, file: model.path, tensor: TensorNames.heads[0],
        "the head is not stored, and tie_word_embeddings is false",
        hint: "a loader would make a random head; inspect tells what is wrong")
    }
    if model.tensor("lm_head.bias") != nil {
      found.append(
        TensorBinding(
          name: "lm_head.bias", key: ParameterKey(.headBias),
          shape: [configuration.vocabularySize], placement: .rows(from: 0)))
    }
    return found
  }

  /// Every stored tensor has a place, or is made from the config.
  private func refuseUnknown(_ bindings: [TensorBinding]) throws(CheckpointError) {
    let known = Set(bindings.map(\.name))
    for tensor in model.tensors
    where !known.contains(tensor.name) && !TensorNames.isDerived(tensor.name) {
      throw CheckpointError(
        .unsupportedFormat, file: model.path, tensor: tensor.name,
        "a \(configuration.family.rawValue) of this config has no place for this tensor",
        hint: "running the model without it could give other logits than it was trained for")
    }
  }

  func missing(_ name: String) -> CheckpointError {
    CheckpointError(.notAModel, file: model.path, tensor: name, "not stored")
  }

  /// Takes a stored head away where the flag says that it is the embedding, and it is.
  private func tied(_ weights: DecoderWeights) throws(CheckpointError) -> DecoderWeights {
    guard configuration.isTied, let head = weights[.head], let table = weights[.embedding] else {
      return weights
    }
    let isEqual = (try? head.isEqual(to: table)) ?? false
    guard isEqual else {
      throw CheckpointError(
        .conflict, file: model.path, tensor: TensorNames.heads[0],
        "the config ties head and embedding, and the two stored matrices differ",
        hint: "untie it, or tie it with --keep embedding or --keep head")
    }
    return weights.replacing(.head, by: nil)
  }
}
