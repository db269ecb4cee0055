// Reads a decoder's weights out of a checkpoint, block by block.

internal import TieConv
internal import TieConvIO
internal import TieConvKernels

/// Loads the weights of one checkpoint.
struct WeightLoader {
  let model: TranslatedModel
  let configuration: DecoderConfiguration
  let precision: ComputePrecision
  let options: ExecutionOptions

  /// Elements that are converted at a time.
  private static let blockElements = 1 << 20

  /// The precision that the stored weights ask for: F32 for F32, else BF16.
  static func naturalPrecision(
    of model: TranslatedModel, _ configuration: DecoderConfiguration
  ) -> ComputePrecision {
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
    var parameters: [ParameterKey: WeightMatrix] = [:]
    for binding in bindings {
      let matrix = parameters[binding.key] ?? made(for: binding.key.role)
      parameters[binding.key] = matrix
      try read(binding, into: matrix)
    }
    let weights = DecoderWeights(
      configuration: configuration, precision: precision, parameters: parameters,
      bindings: bindings)
    return try tied(weights)
  }

  private func made(for role: ParameterKey.Role) -> WeightMatrix {
    let extent = configuration.extent(of: role)
    let isNarrow = precision == .bf16 && role.isFactor
    return WeightMatrix(extent.rows, extent.columns, kind: isNarrow ? .bf16 : .f32)
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

  private func missing(_ name: String) -> CheckpointError {
    CheckpointError(.notAModel, file: model.path, tensor: name, "not stored")
  }

  /// Takes a stored head away where the flag says that it is the embedding, and it is.
  private func tied(_ weights: DecoderWeights) throws(CheckpointError) -> DecoderWeights {
    guard configuration.isTied, let head = weights[.head], let table = weights[.embedding] else {
      return weights
    }
    let equal = unsafe ByteComparison.firstMismatch(
      UnsafeRawBufferPointer(head.bytes).bytes, UnsafeRawBufferPointer(table.bytes).bytes)
    guard equal == nil else {
      throw CheckpointError(
        .conflict, file: model.path, tensor: TensorNames.heads[0],
        "the config ties head and embedding, and the two stored matrices differ",
        hint: "untie it, or tie it with --keep embedding or --keep head")
    }
    return weights.replacing(.head, by: nil)
  }

  // MARK: Reading

  @discardableResult private func checkShape(
    _ binding: TensorBinding
  ) throws(CheckpointError) -> TensorInfo {
    guard let info = model.tensor(binding.name) else { throw missing(binding.name) }
    guard info.shape.dimensions == binding.shape.map(UInt64.init) else {
      throw CheckpointError(
        .invalidConfig, file: model.path, tensor: binding.name,
        "its shape contradicts the config", found: info.shape.description,
        expected: "\(binding.shape)")
    }
    return info
  }

  private func read(
    _ binding: TensorBinding, into matrix: WeightMatrix
  ) throws(CheckpointError) {
    let info = try checkShape(binding)
    guard let kind = ElementKind(info.dtype), kind != .f64 else {
      throw CheckpointError(
        .unsupportedFormat, file: model.path, tensor: binding.name,
        "weights of type \(info.dtype.rawValue) cannot be run")
    }
    // A tensor's first dimension; the rows of a binding may be finer.
    let lines = binding.shape[0]
    let perLine = binding.shape.dropFirst().reduce(1, *)
    let step = max(1, Self.blockElements / max(1, perLine))
    for start in stride(from: 0, to: lines, by: step) {
      let range = start..<min(start + step, lines)
      let part = try model.bytes(of: binding.name, rows: range, options: options)
      guard let bytes = part else { throw missing(binding.name) }
      let floats = try widened(bytes, kind, count: range.count * perLine, binding.name)
      do throws(KernelError) {
        try place(floats, from: start * perLine, binding, matrix)
      } catch {
        throw CheckpointError(
          .invalidConfig, file: model.path, tensor: binding.name, "\(error)")
      }
    }
  }

  private func widened(
    _ bytes: [UInt8], _ kind: ElementKind, count: Int, _ name: String
  ) throws(CheckpointError) -> [Float] {
    var floats = [Float](repeating: 0, count: count)
    do throws(KernelError) {
      var target = floats.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &target)
    } catch {
      throw CheckpointError(.tensorSizeMismatch, file: model.path, tensor: name, "\(error)")
    }
    return floats
  }

  /// Writes elements of a tensor, from the one numbered `first` on, to their places.
  private func place(
    _ floats: [Float], from first: Int, _ binding: TensorBinding, _ matrix: WeightMatrix
  ) throws(KernelError) {
    let (_, columns) = binding.extent
    try unsafe floats.withUnsafeBufferPointer { buffer throws(KernelError) in
      if case .rows(let row) = binding.placement {
        // Consecutive elements stay consecutive.
        try unsafe matrix.set(buffer, element: row * columns + first)
        return
      }
      let rows = buffer.count / columns
      guard binding.placement != .transposed else {
        try unsafe placeTransposed(buffer, from: first / columns, columns, matrix)
        return
      }
      for row in 0..<rows {
        let line = unsafe UnsafeBufferPointer(
          rebasing: buffer[row * columns..<(row + 1) * columns])
        try unsafe matrix.set(line, element: binding.parameterRow(first / columns + row) * columns)
      }
    }
  }

  private func placeTransposed(
    _ floats: UnsafeBufferPointer<Float>, from row: Int, _ columns: Int, _ matrix: WeightMatrix
  ) throws(KernelError) {
    let rows = floats.count / columns
    var line = [Float](repeating: 0, count: rows)
    for column in 0..<columns {
      for index in 0..<rows { line[index] = unsafe floats[index * columns + column] }
      try unsafe line.withUnsafeBufferPointer { line throws(KernelError) in
        try unsafe matrix.set(line, element: column * matrix.columns + row)
      }
    }
  }
}

extension ElementKind {
  /// The kind of a stored type; nil for types that are not plain floats.
  init?(_ dtype: DType) {
    switch dtype {
    case .f64: self = .f64
    case .f32: self = .f32
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .f8E4M3: self = .f8e4m3
    case .f8E5M2: self = .f8e5m2
    default: return nil
    }
  }
}
