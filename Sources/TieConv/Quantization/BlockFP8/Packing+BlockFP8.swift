// FP8 as DeepSeek releases it: E4M3 with one factor a block, by which numbers are multiplied though
// its name says the inverse.

internal import TieConvKernels

extension Packing {
  /// Reads such a family. transformers gives code × factor, computed in F32, in the factors' own
  /// type, or in BF16 where those are single bytes.
  static func blockFP8(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(["fp8"])
    let codes = try family.stored("weight", [.f8E4M3])
    let factors = try family.stored("weight_scale_inv", [.f32, .bf16, .f16, .f8E8M0, .u8])
    let block = try block(family, codes, factors)
    let isExponent = factors.dtype == .u8
    let decoder = RowPackedDecoder(
      codes: codes, columns: codes.columns, order: .stream(bits: 8),
      meaning: .table(SmallFloatTables.e4m3),
      factors: FactorGrid(
        matrix: factors, spelling: isExponent ? .exponent : .float, rowsPerBlock: block.rows),
      group: block.columns,
      result: isExponent || factors.dtype == .f8E8M0 ? .bf16 : factors.dtype)
    return Packing(
      .blockFP8, "fp8", bits: 8, .block(rows: block.rows, columns: block.columns), decoder)
  }

  /// The extents of a block: as stated, else 128×128, which every release uses.
  private static func block(
    _ family: PackedFamily, _ codes: StoredMatrix, _ factors: StoredMatrix
  ) throws(CheckpointError) -> (rows: Int, columns: Int) {
    let stated = family.settings.root?["weight_block_size"]?.elements?.compactMap(\.integer)
    let block = stated ?? [128, 128]
    guard block.count == 2, block.allSatisfy({ $0 > 0 }),
      (codes.rows - 1) / block[0] + 1 == factors.rows,
      (codes.columns - 1) / block[1] + 1 == factors.columns
    else {
      throw family.fault(
        "weight_scale_inv", "does not fit the weight in blocks of \(block)",
        found: "\(factors.rows)×\(factors.columns) for \(codes.rows)×\(codes.columns)")
    }
    return (block[0], block[1])
  }
}
