// bitsandbytes: NF4 and FP4 over runs of the flattened matrix, their factors perhaps packed again;
// and LLM.int8 with a factor a row.

internal import TieConvKernels

extension Packing {
  /// The layouts of 8-bit weights by number, as Linear8bitLt writes them; 0 is by rows.
  private static let layouts = ["row", "col32", "col_turing", "col_ampere"]

  /// Reads a bitsandbytes family: dequantize_4bit's result is in the type that its state names,
  /// int8_vectorwise_dequant's in F32.
  static func bitsAndBytes(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(["bitsandbytes"])
    if family.info("SCB") != nil { return try int8(family) }
    for name in ["nf4", "fp4"] {
      let suffix = "weight.quant_state.bitsandbytes__\(name)"
      if family.info(suffix) != nil { return try fourBit(family, name, suffix) }
    }
    throw family.unsupported("bitsandbytes without a quant_state")
  }

  private static func int8(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    if family.info("weight_format") != nil {
      let number = try family.bytes("weight_format", [.u8]).first ?? 0
      if number != 0 {
        let name = Int(number) < layouts.count ? layouts[Int(number)] : "layout \(number)"
        throw family.unsupported("bitsandbytes int8 \(name)")
      }
    }
    let codes = try family.stored("weight", [.i8])
    let factors = try family.stored("SCB", [.f32])
    guard factors.rows == codes.rows, factors.columns == 1 else {
      throw family.fault(
        "SCB", "has another length than there are rows", found: "\(factors.rows)",
        expected: "\(codes.rows)")
    }
    try family.check(rows: codes.rows, columns: codes.columns)
    // code × SCB, then × 1/127 as bitsandbytes rounds it: two products, not one.
    let decoder = RowPackedDecoder(
      codes: codes, columns: codes.columns, order: .stream(bits: 8), meaning: .signed,
      factors: FactorGrid(matrix: factors, rowsPerBlock: 1), group: codes.columns,
      last: 7.874015718698502e-3, result: .f32)
    return Packing(.bitsAndBytes, "int8", bits: 8, .row, decoder)
  }

  private static func fourBit(
    _ family: PackedFamily, _ name: String, _ suffix: String
  ) throws(CheckpointError) -> Packing {
    let state = try FourBitState(family, suffix)
    guard let (shard, info) = family.family.main.flatMap({ family.checkpoint.tensor($0) }) else {
      throw family.fault("weight", "is not stored")
    }
    try family.check(rows: state.rows, columns: state.columns)
    let count = state.rows * state.columns
    guard info.byteCount == (count + 1) / 2 else {
      throw family.fault(
        "weight", "does not hold the shape of its state", found: "\(info.byteCount) bytes",
        expected: "\((count + 1) / 2)")
    }
    let map = try family.floats("weight.quant_map")
    guard map == FourBitState.maps[name] else {
      throw family.unsupported("bitsandbytes \(name) with a map of its own")
    }
    let decoder = RunDecoder(
      source: shard.file, offset: shard.fileRange(of: info).lowerBound,
      table: SmallFloatTables.padded(map), rows: state.rows, columns: state.columns,
      run: state.run, factors: try factors(family, state, count: count), result: state.result)
    return Packing(.bitsAndBytes, name, bits: 4, .run(state.run), decoder)
  }

  private static func factors(
    _ family: PackedFamily, _ state: FourBitState, count: Int
  ) throws(CheckpointError) -> RunDecoder.Factors {
    let runs = (count - 1) / state.run + 1
    let stored = try family.stored("weight.absmax", [.f32, .u8])
    guard stored.columns == 1, stored.rows == runs else {
      throw family.fault(
        "weight.absmax", "does not have a factor for each run", found: "\(stored.rows)",
        expected: "\(runs)")
    }
    guard let nested = state.nested else {
      guard stored.dtype == .f32 else {
        throw family.fault("weight.absmax", "is packed, and its state does not say how")
      }
      return .plain(stored)
    }
    guard stored.dtype == .u8 else {
      throw family.fault("weight.absmax", "is not packed, though its state says so")
    }
    let outer = try family.stored("weight.nested_absmax", [.f32])
    guard outer.columns == 1, outer.rows == (runs - 1) / nested.run + 1 else {
      throw family.fault(
        "weight.nested_absmax", "does not have a factor for each run", found: "\(outer.rows)",
        expected: "\((runs - 1) / nested.run + 1)")
    }
    let map = try family.floats("weight.nested_quant_map")
    guard map.count == 256 else {
      throw family.fault("weight.nested_quant_map", "does not have 256 entries")
    }
    return .nested(stored, outer: outer, map: map, run: nested.run, offset: nested.offset)
  }
}
