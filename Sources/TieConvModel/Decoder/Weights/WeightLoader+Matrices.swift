// How a matrix of weights is held: where it lies in its file, or as a copy.

internal import TieConv
internal import TieConvIO
internal import TieConvKernels

/// The files that are mapped, each once.
struct MappedFiles {
  private var mapped: [ObjectIdentifier: MappedFile] = [:]
  private(set) var all: [MappedFile] = []

  /// The mapping of `file`; nil where it cannot be mapped.
  mutating func mapping(of file: InputFile) -> MappedFile? {
    if let found = mapped[ObjectIdentifier(file)] { return found }
    guard let made = MappedFile(file) else { return nil }
    mapped[ObjectIdentifier(file)] = made
    all.append(made)
    return made
  }
}

extension WeightLoader {
  /// The parameter that the tensors of `group` make up.
  func matrix(
    _ role: ParameterKey.Role, _ group: [TensorBinding], _ files: inout MappedFiles
  ) throws(CheckpointError) -> WeightMatrix {
    let kind = kind(role, group)
    if role.isFactor, let found = mapped(role, group, kind, &files) {
      found.stretches = stretches(role, group)
      return found
    }
    let extent = configuration.extent(of: role)
    let made = WeightMatrix(extent.rows, extent.columns, kind: kind)
    for binding in group { try read(binding, into: made) }
    if role.isFactor {
      made.stretches = stretches(role, group)
      made.minima = try minima(role, group)
    }
    return made
  }

  /// The type in which a parameter is held: as it is stored, but for what products would round
  /// anyway, and for types that they do not read. Vectors are F32.
  private func kind(_ role: ParameterKey.Role, _ group: [TensorBinding]) -> ElementKind {
    guard role.isFactor else { return .f32 }
    let stored = Set(
      group.map { binding -> ElementKind in
        switch model.tensor(binding.name).flatMap({ ElementKind($0.dtype) }) {
        case .bf16, .f8e4m3, .f8e5m2: .bf16
        case .f16: .f16
        default: .f32
        }
      })
    guard stored.count == 1, let one = stored.first else {
      return precision == .bf16 ? .bf16 : .f32
    }
    return precision == .bf16 && one == .f32 ? .bf16 : one
  }

  /// The parameter where it lies, if its tensors stand one after another in one file, in the type
  /// in which it is held.
  private func mapped(
    _ role: ParameterKey.Role, _ group: [TensorBinding], _ kind: ElementKind,
    _ files: inout MappedFiles
  ) -> WeightMatrix? {
    var place: (file: InputFile, range: Range<Int>)?
    var row = 0
    for binding in group {
      guard let info = model.tensor(binding.name), ElementKind(info.dtype) == kind,
        let found = model.place(of: binding.name)
      else { return nil }
      switch binding.placement {
      case .rows(let first) where first == row: row += binding.shape[0]
      case .transposed where group.count == 1: row = binding.shape[1]
      default: return nil
      }
      guard let before = place else {
        place = found
        continue
      }
      guard before.file === found.file, before.range.upperBound == found.range.lowerBound else {
        return nil
      }
      place = (before.file, before.range.lowerBound..<found.range.upperBound)
    }
    let extent = configuration.extent(of: role)
    guard let place, row == extent.rows, let file = files.mapping(of: place.file) else {
      return nil
    }
    file.prefetch(place.range)
    return WeightMatrix(
      extent.rows, extent.columns, kind: kind, in: file, place.range,
      isTransposed: group[0].placement == .transposed)
  }

  // MARK: ggml's arithmetic

  /// The rows of a parameter by what ggml rounds activations to.
  private func stretches(
    _ role: ParameterKey.Role, _ group: [TensorBinding]
  ) -> [WeightMatrix.Stretch] {
    let all = 0..<configuration.extent(of: role).rows
    guard precision == .ggml else { return [WeightMatrix.Stretch(rows: all)] }
    var found: [WeightMatrix.Stretch] = []
    for binding in group {
      let rounding = model.storedDType(binding.name).flatMap(RowRounding.init(weights:))
      guard case .rows(let first) = binding.placement else {
        return [WeightMatrix.Stretch(rows: all, rounding: rounding)]
      }
      if let last = found.last, last.rounding == rounding, last.rows.upperBound == first {
        found[found.count - 1].rows = last.rows.lowerBound..<first + binding.shape[0]
      } else {
        found.append(
          WeightMatrix.Stretch(rows: first..<first + binding.shape[0], rounding: rounding))
      }
    }
    return found
  }
}

extension WeightLoader {
  /// The minima of a matrix's blocks where it has some: zero in the rows of other types.
  private func minima(
    _ role: ParameterKey.Role, _ group: [TensorBinding]
  ) throws(CheckpointError) -> WeightMatrix? {
    let extent = configuration.extent(of: role)
    guard precision == .ggml, role != .embedding, role != .head, extent.columns % 32 == 0,
      group.contains(where: { model.storedDType($0.name)?.hasBlockMinima == true })
    else { return nil }
    let blocks = extent.columns / 32
    let made = WeightMatrix(extent.rows, blocks, kind: .f32)
    unsafe made.floats.update(repeating: 0)
    for binding in group {
      guard case .rows(let first) = binding.placement else { return nil }
      let step = max(1, Self.blockElements / extent.columns)
      for start in stride(from: 0, to: binding.shape[0], by: step) {
        let rows = start..<min(start + step, binding.shape[0])
        guard let bytes = try model.minima(of: binding.name, rows: rows) else { break }
        let floats = try widened(bytes, .f32, count: rows.count * extent.columns, binding.name)
        let found = stride(from: 0, to: floats.count, by: 32).map { floats[$0] }
        do throws(KernelError) {
          try unsafe found.withUnsafeBufferPointer { found throws(KernelError) in
            try unsafe made.set(found, element: (first + start) * blocks)
          }
        } catch { throw CheckpointError(.invalidConfig, file: model.path, "\(error)") }
      }
    }
    return made
  }
}

extension RowRounding {
  /// What ggml's CPU code takes activations as for weights of a type (`vec_dot_type` of its
  /// `type_traits_cpu`); nil where it takes them as they are.
  init?(weights dtype: DType) {
    switch dtype {
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .q1_0, .q2_0, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1, .iq4NL, .mxfp4, .nvfp4:
      self = .q8_0
    case .q2K, .q3K, .q4K, .q5K, .q6K, .q8K, .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq3XXS,
      .iq3S, .iq4XS, .tq1_0, .tq2_0:
      self = .q8K
    default: return nil
    }
  }
}
