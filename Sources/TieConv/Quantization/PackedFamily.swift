// The tensors of one packed matrix, asked for by what they are and checked as they are handed out.

internal import TieConvIO

/// Reads the members of a family.
struct PackedFamily: Sendable {
  let checkpoint: Checkpoint
  let family: TensorFamily
  let settings: QuantizationSettings

  /// The widest row that is held in memory, in elements, as for plain matrices.
  static let maximumColumns = 1 << 20
  /// The largest member that is read as a whole: an index, or a state's text.
  private static let maximumWhole = 4 * maximumColumns

  /// The member with this suffix; nil where it is not stored.
  func info(_ suffix: String) -> TensorInfo? {
    checkpoint.tensor("\(family.stem).\(suffix)")?.info
  }

  /// The member as rows of bytes. A vector counts as a column, a number as one row of one.
  func stored(
    _ suffix: String, _ dtypes: [DType]
  ) throws(CheckpointError) -> StoredMatrix {
    guard let (shard, info) = checkpoint.tensor("\(family.stem).\(suffix)") else {
      throw fault(suffix, "is not stored, and the packing needs it")
    }
    guard dtypes.contains(info.dtype), let width = info.dtype.byteWidth else {
      throw fault(
        suffix, "has an unexpected dtype", found: info.dtype.rawValue,
        expected: dtypes.map(\.rawValue).joined(separator: " or "))
    }
    let extents = info.shape.dimensions.map { Int(clamping: $0) }
    guard extents.count <= 2, info.byteCount > 0 else {
      throw fault(suffix, "is not a matrix", found: "shape \(info.shape)")
    }
    let columns = extents.count == 2 ? extents[1] : 1
    return StoredMatrix(
      source: shard.file, offset: shard.fileRange(of: info).lowerBound, dtype: info.dtype,
      rows: extents.first ?? 1, columns: columns, rowBytes: columns * width)
  }

  /// The member as a whole, where it is small.
  func bytes(_ suffix: String, _ dtypes: [DType]) throws(CheckpointError) -> [UInt8] {
    let matrix = try stored(suffix, dtypes)
    guard matrix.rows <= Self.maximumWhole / max(1, matrix.rowBytes) else {
      throw fault(suffix, "is too large to be what its name says")
    }
    return try reading { () throws(IOFailure) in try matrix.bytes(rows: 0..<matrix.rows) }
  }

  /// The member as 32-bit integers.
  func integers(_ suffix: String) throws(CheckpointError) -> [Int32] {
    let bytes = try bytes(suffix, [.i32])
    return stride(from: 0, to: bytes.count, by: 4).map { place in
      Int32(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * $1) })
    }
  }

  /// The member as F32 numbers.
  func floats(_ suffix: String) throws(CheckpointError) -> [Float] {
    let bytes = try bytes(suffix, [.f32])
    return stride(from: 0, to: bytes.count, by: 4).map { place in
      Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * $1) })
    }
  }

  /// Checks that the extents are ones that can be worked with.
  func check(rows: Int, columns: Int) throws(CheckpointError) {
    guard rows > 0, columns > 0, columns <= Self.maximumColumns, rows <= Int.max / 8 / columns
    else {
      throw fault(nil, "has extents that no matrix has", found: "\(rows)×\(columns)")
    }
  }

  /// For each column its group, and the greatest; checked against the number of groups.
  func groupIndex(
    _ indices: [Int32], columns: Int, groups: Int, _ suffix: String
  ) throws(CheckpointError) -> GroupIndex {
    guard indices.count == columns else {
      throw fault(
        suffix, "has another length than a row", found: "\(indices.count)", expected: "\(columns)")
    }
    guard let wrong = indices.first(where: { $0 < 0 || Int($0) >= groups }) else {
      return GroupIndex(groups: indices.map { UInt32($0) }, maximum: Int(indices.max() ?? 0))
    }
    throw fault(
      suffix, "names a group that does not exist", found: "\(wrong)", expected: "below \(groups)")
  }

  // MARK: Errors

  /// The family contradicts itself.
  func fault(
    _ suffix: String?, _ message: String, found: String? = nil, expected: String? = nil
  ) -> CheckpointError {
    let name = suffix.map { "\(family.stem).\($0)" } ?? family.main ?? family.stem
    return CheckpointError(
      .invalidQuantization, file: checkpoint.path, tensor: name, message, found: found,
      expected: expected)
  }

  /// The packing is one that is not decoded; `what` is its name.
  func unsupported(_ what: String) -> CheckpointError {
    CheckpointError(
      .unsupportedFormat, file: checkpoint.path, tensor: family.main ?? family.stem,
      "packed as \(TensorName.escaped(what)), which is not decoded")
  }
}

/// The group of each column.
struct GroupIndex: Sendable {
  let groups: [UInt32]
  let maximum: Int

  /// The number of columns of a group, where groups are runs of one length; nil where they are not.
  func runLength(of count: Int) -> Int? {
    guard count > 0, groups.count % count == 0 else { return nil }
    let size = groups.count / count
    return groups.enumerated().allSatisfy { Int($1) == $0 / size } ? size : nil
  }
}
