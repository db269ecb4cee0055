// AWQ in AutoAWQ's "gemm" layout: eight outputs a word, interleaved; zero points likewise.

internal import TieConvKernels

extension Packing {
  /// Reads an AWQ family. The reference's result is (code − zero) × scale in the scales' own type.
  static func awq(_ family: PackedFamily) throws(CheckpointError) -> Packing {
    try family.checkMethod(["awq"])
    let root = family.settings.root
    let version = root?["version"]?.string?.lowercased() ?? "gemm"
    let bits = (root?["bits"] ?? root?["w_bit"])?.integer ?? 4
    guard version == "gemm", bits == 4 else {
      throw family.unsupported("awq \(version) of \(bits) bits")
    }
    let codes = try family.stored("qweight", [.i32])
    let scales = try family.stored("scales", [.f16, .bf16, .f32])
    let zeros = try family.stored("qzeros", [.i32])
    let (inputs, groups) = (codes.rows, scales.rows)
    let (outputs, overflow) = codes.columns.multipliedReportingOverflow(by: 8)
    guard !overflow, scales.columns == outputs, groups <= inputs, inputs % groups == 0 else {
      throw family.fault(
        "scales", "does not fit the codes", found: "\(groups)×\(scales.columns)",
        expected: "groups×\(outputs)")
    }
    guard zeros.rows == groups, zeros.columns == codes.columns else {
      throw family.fault(
        "qzeros", "does not fit the scales", found: "\(zeros.rows)×\(zeros.columns)",
        expected: "\(groups)×\(codes.columns)")
    }
    try family.check(rows: outputs, columns: inputs)
    let size = inputs / groups
    let stated = (root?["group_size"] ?? root?["q_group_size"])?.integer
    if let stated, stated > 0, stated != size {
      throw family.fault(
        "scales", "has groups of another size than the settings say", found: "\(size)",
        expected: "\(stated)")
    }
    let decoder = ColumnPackedDecoder(
      codes: codes, layout: .acrossColumns, scales: scales,
      zeros: ColumnPackedDecoder.Zeros(
        matrix: zeros, order: .interleaved, added: 0, mask: 15),
      rows: outputs, columns: inputs, group: size, index: GroupIndex(groups: [], maximum: 0),
      result: scales.dtype)
    return Packing(.awq, "gemm", bits: 4, .group(size), decoder)
  }
}
