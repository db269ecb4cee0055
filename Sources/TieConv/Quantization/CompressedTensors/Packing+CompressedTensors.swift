// compressed-tensors: told from the tensors; the configuration settles what shapes leave open.
//
// Every result is (code − zero) × factor in the factors' own type, BF16 for micro-scaled floats.

internal import TieConvKernels

extension Packing {
  /// Formats that store something else than a whole matrix of codes.
  private static let refused: Set<String> = [
    "sparse-bitmask", "sparse-24-bitmask", "marlin-24",
  ]
  /// Quantizers of which the same tensors, read the same way, are known.
  private static let methods: Set<String> = ["compressed-tensors", "fbgemm_fp8"]

  /// Reads a family of compressed-tensors.
  static func compressedTensors(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(methods)
    let formats = family.settings.formats
    if let name = formats.sorted().first(where: refused.contains) { throw family.unsupported(name) }
    let packed = family.info("weight_packed")
    switch packed?.dtype ?? family.info("weight")?.dtype {
    case .i32? where packed != nil: return try packQuantized(family)
    case .u8? where packed != nil: return try smallFloats(family)
    case .i8? where packed == nil: return try naive(family, .signed, "int-quantized")
    case .f8E4M3? where packed == nil:
      if family.info("weight_scale")?.dtype == .u8 { return try microScaledBytes(family) }
      return try naive(family, .table(SmallFloatTables.e4m3), "float-quantized")
    case let dtype:
      throw family.unsupported("compressed-tensors of \(dtype?.rawValue ?? "nothing")")
    }
  }

  // MARK: Whole bytes

  private static func naive(
    _ family: PackedFamily, _ meaning: PackedKernels.Meaning, _ format: String
  ) throws(CheckpointError) -> Packing {
    let codes = try family.stored("weight", [.i8, .f8E4M3])
    try family.check(rows: codes.rows, columns: codes.columns)
    let layout = try FactorLayout(family, rows: codes.rows, columns: codes.columns)
    var zeros: ZeroPoints?
    if family.info("weight_zero_point") != nil {
      let grid = try family.stored("weight_zero_point", [.i8, .f8E4M3])
      guard grid.rows == layout.matrix.rows, grid.columns == layout.matrix.columns else {
        throw family.fault("weight_zero_point", "has another shape than the scales")
      }
      zeros = .grid(
        FactorGrid(
          matrix: grid, spelling: grid.dtype == .i8 ? .signed : .float,
          rowsPerBlock: layout.rowsPerBlock))
    }
    let index = try columnGroups(family, codes.columns, layout)
    let decoder = RowPackedDecoder(
      codes: codes, columns: codes.columns, order: .stream(bits: 8), meaning: meaning,
      factors: FactorGrid(matrix: layout.matrix, rowsPerBlock: layout.rowsPerBlock),
      group: layout.group, zeros: zeros, index: index, result: layout.matrix.dtype)
    return Packing(
      .compressedTensors, format, bits: 8,
      index.map { _ in .indexed(groups: layout.matrix.columns) } ?? layout.granularity, decoder)
  }

  // MARK: Integers in words

  private static func packQuantized(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    let codes = try family.stored("weight_packed", [.i32])
    let shape = try family.weightShape()
    guard shape.rows == codes.rows else {
      throw family.fault(
        "weight_shape", "has another number of rows than the codes", found: "\(shape.rows)",
        expected: "\(codes.rows)")
    }
    try family.check(rows: shape.rows, columns: shape.columns)
    let order = try WordOrder(family, columns: shape.columns, words: codes.columns)
    let layout = try FactorLayout(family, rows: shape.rows, columns: shape.columns)
    let index = try columnGroups(family, shape.columns, layout)
    let decoder = RowPackedDecoder(
      codes: codes, columns: shape.columns, order: order.order, meaning: .unsigned,
      factors: FactorGrid(matrix: layout.matrix, rowsPerBlock: layout.rowsPerBlock),
      group: layout.group, zeros: try zeroPoints(family, order, layout, rows: shape.rows),
      index: index, result: layout.matrix.dtype)
    return Packing(
      .compressedTensors, "pack-quantized", bits: order.bits,
      index.map { _ in .indexed(groups: layout.matrix.columns) } ?? layout.granularity, decoder)
  }

  /// Codes are stored with 2^(bits − 1) added, and so are packed zero points: the two cancel.
  private static func zeroPoints(
    _ family: PackedFamily, _ order: WordOrder, _ layout: FactorLayout, rows: Int
  ) throws(CheckpointError) -> ZeroPoints {
    let middle = Float(1 << (order.bits - 1))
    guard let info = family.info("weight_zero_point") else { return .constant(middle) }
    guard info.dtype != .i8 else {
      throw family.unsupported("compressed-tensors with plain zero points beside packed codes")
    }
    let words = try family.stored("weight_zero_point", [.i32])
    let needed = ((order.order.byteCount(rows) ?? 0) + 3) / 4
    guard words.rows == needed, words.columns == layout.matrix.columns, layout.rowsPerBlock == 1
    else {
      throw family.fault(
        "weight_zero_point", "does not fit the scales", found: "\(words.rows)×\(words.columns)",
        expected: "\(needed)×\(layout.matrix.columns)")
    }
    return .packedDown(words, order.order)
  }

  /// The group of each column where activations were sorted; −1 throughout stands for unsorted.
  private static func columnGroups(
    _ family: PackedFamily, _ columns: Int, _ layout: FactorLayout
  ) throws(CheckpointError) -> GroupIndex? {
    guard family.info("weight_g_idx") != nil else { return nil }
    let stored = try family.integers("weight_g_idx")
    if stored.allSatisfy({ $0 == -1 }) { return nil }
    return try family.groupIndex(
      stored, columns: columns, groups: layout.matrix.columns, "weight_g_idx")
  }

  // MARK: Small floats

  private static func smallFloats(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    let codes = try family.stored("weight_packed", [.u8])
    let scales = try family.stored("weight_scale", [.f8E4M3, .u8])
    // Bytes of codes for each factor: 16 codes of 4 bits, 32 of 4, 32 of 6.
    let kinds =
      scales.dtype == .f8E4M3
      ? [("nvfp4-pack-quantized", 8, 4, 16)]
      : [("mxfp4-pack-quantized", 16, 4, 32), ("mxfp6-pack-quantized", 24, 6, 32)]
    guard scales.rows == codes.rows, scales.columns <= PackedFamily.maximumColumns,
      let (format, _, bits, size) = kinds.first(where: { codes.columns == $0.1 * scales.columns })
    else {
      throw family.fault(
        "weight_scale", "does not fit the codes", found: "\(scales.rows)×\(scales.columns)",
        expected: "a factor for each 16 or 32 of \(codes.rows)×\(codes.columns) bytes")
    }
    var factors = FactorGrid(
      matrix: scales, spelling: scales.dtype == .u8 ? .exponent : .float, rowsPerBlock: 1)
    if family.info("weight_global_scale") != nil {
      let global = try family.floats("weight_global_scale")
      guard global.count == 1 else {
        throw family.fault("weight_global_scale", "is not one number", found: "\(global.count)")
      }
      factors.divisor = global[0]
    }
    let decoder = RowPackedDecoder(
      codes: codes, columns: scales.columns * size, order: .stream(bits: bits),
      meaning: .table(bits == 4 ? SmallFloatTables.e2m1 : SmallFloatTables.e2m3),
      factors: factors, group: size, result: .bf16)
    return Packing(.compressedTensors, format, bits: bits, .group(size), decoder)
  }

  private static func microScaledBytes(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    let codes = try family.stored("weight", [.f8E4M3])
    let scales = try family.stored("weight_scale", [.u8])
    guard scales.rows == codes.rows, scales.columns <= PackedFamily.maximumColumns,
      codes.columns == scales.columns * 32
    else {
      throw family.fault(
        "weight_scale", "does not have a factor for each 32 columns",
        found: "\(scales.rows)×\(scales.columns)")
    }
    let decoder = RowPackedDecoder(
      codes: codes, columns: codes.columns, order: .stream(bits: 8),
      meaning: .table(SmallFloatTables.e4m3),
      factors: FactorGrid(matrix: scales, spelling: .exponent, rowsPerBlock: 1), group: 32,
      result: .bf16)
    return Packing(.compressedTensors, "mxfp8-quantized", bits: 8, .group(32), decoder)
  }
}
