// Which packing a family has, told from the settings and from the tensors themselves.

/// A recognised packing with what decodes it.
struct Packing: Sendable {
  let scheme: QuantizationScheme
  let decoder: any RowDecoder

  init(
    _ method: QuantizationScheme.Method, _ format: String, bits: Int,
    _ granularity: QuantizationScheme.Granularity, _ decoder: any RowDecoder
  ) {
    scheme = QuantizationScheme(
      method: method, format: format, bits: bits, granularity: granularity,
      result: decoder.result)
    self.decoder = decoder
  }

  /// Tells how `family` is packed, and checks that its tensors fit together.
  ///
  /// - Throws: `unsupportedFormat`, with the packing's name, or `invalidQuantization`.
  init(recognizing family: PackedFamily) throws(CheckpointError) {
    switch family.family.format {
    case .plain: throw family.unsupported("a plain matrix")
    case .compressedTensors: self = try .compressedTensors(family)
    case .gptqOrAWQ: self = try family.isAWQ ? .awq(family) : .gptq(family)
    case .mlx: self = try .mlx(family)
    case .bitsAndBytes: self = try .bitsAndBytes(family)
    case .fp8Block: self = try .blockFP8(family)
    }
    try family.check(rows: decoder.rows, columns: decoder.columns)
  }
}

extension PackedFamily {
  /// AWQ packs eight outputs a word, so its scales are eight times as wide as its codes; GPTQ packs
  /// inputs, and the two are as wide.
  var isAWQ: Bool {
    guard let codes = info("qweight")?.shape.matrix, let scales = info("scales")?.shape.matrix
    else { return settings.method == "awq" }
    return codes.columns != scales.columns
  }

  /// Refuses settings that speak of another quantizer.
  func checkMethod(_ accepted: Set<String>) throws(CheckpointError) {
    guard let method = settings.method, !accepted.contains(method) else { return }
    throw unsupported(method)
  }
}
