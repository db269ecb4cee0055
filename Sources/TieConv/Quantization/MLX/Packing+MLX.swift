// MLX: 32-bit words of codes with scales, and biases in affine mode; micro-scaled floats in others.

internal import TieConvKernels

extension Packing {
  /// Reads an MLX family. `mx.dequantize` gives affine matrices in the scales' own type, the
  /// product rounded before the bias is added; the other modes in BF16.
  static func mlx(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(["mlx"])
    if family.info("global_scale") != nil { throw family.unsupported("mlx with a global scale") }
    let codes = try family.stored("weight", [.u32])
    var own = family.settings.moduleSettings(family.family.stem)
    let scales = try family.stored("scales", [.u8, .f16, .bf16, .f32])
    guard scales.rows == codes.rows else {
      throw family.fault(
        "scales", "has another number of rows than the codes", found: "\(scales.rows)",
        expected: "\(codes.rows)")
    }
    if let derived = family.derivedSettings(codes, scales, stated: own) { own = derived }
    return scales.dtype == .u8
      ? try microScaled(family, codes, scales, mode: own.mode)
      : try affine(family, codes, scales, own)
  }

  private static func affine(
    _ family: PackedFamily, _ codes: StoredMatrix, _ scales: StoredMatrix,
    _ own: QuantizationSettings.Module
  ) throws(CheckpointError) -> Packing {
    guard own.mode == nil || own.mode == "affine" else {
      throw family.fault("scales", "is not what mode \(own.mode ?? "") has")
    }
    guard let bits = own.bits, let size = own.groupSize else {
      throw family.fault("weight", "has codes of unknown width: no settings state the bits")
    }
    guard (1...8).contains(bits), bits != 7, [16, 32, 64, 128].contains(size) else {
      throw family.unsupported("mlx affine of \(bits) bits in groups of \(size)")
    }
    let columns = scales.columns.multipliedReportingOverflow(by: size)
    guard !columns.overflow else { throw family.fault("scales", "has no end") }
    try family.check(rows: codes.rows, columns: columns.partialValue)
    guard columns.partialValue * bits == codes.columns * 32 else {
      throw family.fault(
        "weight", "does not hold what its scales speak of", found: "\(codes.columns) words",
        expected: "\(columns.partialValue) codes of \(bits) bits")
    }
    let biases = try family.stored("biases", [scales.dtype])
    guard biases.rows == scales.rows, biases.columns == scales.columns else {
      throw family.fault("biases", "has another shape than the scales")
    }
    let decoder = RowPackedDecoder(
      codes: codes, columns: columns.partialValue, order: .stream(bits: bits),
      meaning: .unsigned, factors: FactorGrid(matrix: scales, rowsPerBlock: 1), group: size,
      terms: FactorGrid(matrix: biases, rowsPerBlock: 1), result: scales.dtype)
    return Packing(.mlx, "affine", bits: bits, .group(size), decoder)
  }

  private static func microScaled(
    _ family: PackedFamily, _ codes: StoredMatrix, _ scales: StoredMatrix, mode: String?
  ) throws(CheckpointError) -> Packing {
    if family.info("biases") != nil {
      throw family.fault("biases", "stands beside scales of a mode that has none")
    }
    // Words a scale: 16 codes of 4 bits, 32 of 4, 32 of 8.
    let modes = [("nvfp4", 2, 4, 16), ("mxfp4", 4, 4, 32), ("mxfp8", 8, 8, 32)]
    guard scales.columns <= PackedFamily.maximumColumns,
      let found = modes.first(where: { codes.columns == $0.1 * scales.columns }),
      mode == nil || mode == found.0
    else {
      throw family.fault(
        "scales", "does not fit the codes\(mode.map { " of mode \($0)" } ?? "")",
        found: "\(scales.columns) for \(codes.columns) words")
    }
    let (name, _, bits, size) = found
    var matrix = scales
    if name == "nvfp4" { matrix = scales.reading(as: .f8E4M3) }
    let decoder = RowPackedDecoder(
      codes: codes, columns: scales.columns * size, order: .stream(bits: bits),
      meaning: .table(bits == 4 ? SmallFloatTables.e2m1 : SmallFloatTables.e4m3),
      factors: FactorGrid(
        matrix: matrix, spelling: name == "nvfp4" ? .float : .exponent, rowsPerBlock: 1),
      group: size, result: .bf16)
    return Packing(.mlx, name, bits: bits, .group(size), decoder)
  }
}

extension PackedFamily {
  /// What the shapes say over a row of the model's width, where the stated settings do not fit: as
  /// mlx-lm infers them for modules that are packed in a way of their own.
  fileprivate func derivedSettings(
    _ codes: StoredMatrix, _ scales: StoredMatrix, stated: QuantizationSettings.Module
  ) -> QuantizationSettings.Module? {
    guard let width = checkpoint.config?.textValue("hidden_size")?.integer, width > 0,
      width <= Self.maximumColumns, codes.columns <= Self.maximumColumns,
      scales.columns <= width, width % scales.columns == 0, codes.columns * 32 % width == 0
    else { return nil }
    let (bits, size) = (codes.columns * 32 / width, width / scales.columns)
    if let own = stated.bits, let group = stated.groupSize, (1...8).contains(own),
      (1...width).contains(group),
      scales.columns * group * own == codes.columns * 32
    {
      return nil
    }
    return QuantizationSettings.Module(bits: bits, groupSize: size, mode: stated.mode)
  }
}

extension StoredMatrix {
  /// The same bytes as elements of another type of one byte.
  func reading(as dtype: DType) -> StoredMatrix {
    StoredMatrix(
      source: source, offset: offset, dtype: dtype, rows: rows, columns: columns,
      rowBytes: rowBytes)
  }
}

extension QuantizationSettings {
  /// What MLX's settings say of one module.
  struct Module: Sendable {
    let bits: Int?
    let groupSize: Int?
    let mode: String?
  }

  /// The settings of the module `stem`: its own where it has some, else those of the whole model.
  func moduleSettings(_ stem: String) -> Module {
    let own = root?[stem].flatMap { $0.members == nil ? nil : $0 }
    return Module(
      bits: (own?["bits"] ?? root?["bits"])?.integer,
      groupSize: (own?["group_size"] ?? root?["group_size"])?.integer,
      mode: (own?["mode"] ?? root?["mode"])?.string)
  }
}
