// GPTQ: codes packed down the inputs, zero points along the outputs, a group index that may sort
// inputs by importance. AutoGPTQ (v1) stores zero points less one; GPTQModel's v2 as they are.

internal import TieConvKernels

extension Packing {
  /// Reads a GPTQ family. The reference's result is scale × (code − zero) in the scales' own type.
  static func gptq(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(["gptq"])
    let root = family.settings.root
    let version = (root?["checkpoint_format"] ?? root?["format"])?.string?.lowercased() ?? "gptq"
    guard version == "gptq" || version == "gptq_v2" else {
      throw family.unsupported("gptq \(version)")
    }
    let codes = try family.stored("qweight", [.i32])
    let scales = try family.stored("scales", [.f16, .bf16, .f32])
    let zeros = try family.stored("qzeros", [.i32])
    let index = family.info("g_idx") == nil ? nil : try family.integers("g_idx")
    let bits = try bits(family, codes, inputs: index?.count)
    let inputs = codes.rows * 32 / bits
    let outputs = codes.columns
    guard codes.rows * 32 % bits == 0, scales.columns == outputs, scales.rows <= inputs else {
      throw family.fault(
        "scales", "does not fit the codes", found: "\(scales.rows)×\(scales.columns)",
        expected: "groups×\(outputs)")
    }
    guard zeros.rows == scales.rows, outputs * bits % 32 == 0,
      zeros.columns == outputs * bits / 32
    else {
      throw family.fault(
        "qzeros", "does not fit the scales", found: "\(zeros.rows)×\(zeros.columns)",
        expected: "\(scales.rows)×\(outputs * bits / 32)")
    }
    try family.check(rows: outputs, columns: inputs)
    let groups = try groups(family, index, inputs: inputs, groups: scales.rows)
    let run = groups.runLength(of: scales.rows)
    let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
    let decoder = ColumnPackedDecoder(
      codes: codes, layout: .downColumns(bits: bits), scales: scales,
      zeros: ColumnPackedDecoder.Zeros(
        matrix: zeros, order: .stream(bits: bits), added: version == "gptq" ? 1 : 0, mask: mask),
      rows: outputs, columns: inputs, group: run, index: groups, result: scales.dtype)
    return Packing(
      .gptq, version == "gptq" ? "v1" : "v2", bits: bits,
      run.map { .group($0) } ?? .indexed(groups: scales.rows), decoder)
  }

  private static func bits(
    _ family: PackedFamily, _ codes: StoredMatrix, inputs: Int?
  ) throws(CheckpointError) -> Int {
    // Where no settings are there, the index tells how many inputs the words hold.
    let derived = inputs.flatMap { $0 > 0 ? codes.rows * 32 / $0 : nil }
    guard let bits = family.settings.root?["bits"]?.integer ?? derived else {
      throw family.fault("qweight", "has codes of unknown width: no settings state the bits")
    }
    guard [2, 3, 4, 8].contains(bits) else { throw family.unsupported("gptq of \(bits) bits") }
    guard derived == nil || derived == bits else {
      throw family.fault(
        "qweight", "does not hold the inputs that g_idx speaks of", found: "\(derived ?? 0) bits",
        expected: "\(bits)")
    }
    return bits
  }

  private static func groups(
    _ family: PackedFamily, _ stored: [Int32]?, inputs: Int, groups: Int
  ) throws(CheckpointError) -> GroupIndex {
    if let stored {
      return try family.groupIndex(stored, columns: inputs, groups: groups, "g_idx")
    }
    let stated = family.settings.root?["group_size"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    let size = groups == 1 ? inputs : stated ?? (inputs + groups - 1) / groups
    guard size > 0, (inputs - 1) / size + 1 == groups else {
      throw family.fault(
        "scales", "has another number of groups than group_size says", found: "\(groups)",
        expected: "\(size > 0 ? (inputs - 1) / size + 1 : 0)")
    }
    return GroupIndex(groups: (0..<inputs).map { UInt32($0 / size) }, maximum: groups - 1)
  }
}
