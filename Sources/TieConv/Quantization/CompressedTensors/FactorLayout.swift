// How the scales of compressed-tensors lie over a matrix: one, a row, groups, or blocks.

/// The scales of a matrix and what each of them serves.
struct FactorLayout: Sendable {
  let matrix: StoredMatrix
  /// Rows and columns that one number serves.
  let rowsPerBlock: Int
  let group: Int
  let granularity: QuantizationScheme.Granularity

  /// Tells the layout from the shape of `weight_scale`. Only blocks need the configuration, where
  /// a strategy says `block` and names their extents.
  init(_ family: PackedFamily, rows: Int, columns: Int) throws(CheckpointError) {
    matrix = try family.stored("weight_scale", [.f32, .bf16, .f16])
    if matrix.rows == 1, matrix.columns == 1 {
      (rowsPerBlock, group, granularity) = (rows, columns, .tensor)
      return
    }
    if let block = Self.block(family), (rows - 1) / block.rows + 1 == matrix.rows,
      (columns - 1) / block.columns + 1 == matrix.columns
    {
      rowsPerBlock = block.rows
      group = block.columns
      granularity = .block(rows: block.rows, columns: block.columns)
      return
    }
    guard matrix.rows == rows, columns % matrix.columns == 0 else {
      throw family.fault(
        "weight_scale", "does not fit the matrix", found: "\(matrix.rows)×\(matrix.columns)",
        expected: "1, \(rows)×1, or \(rows) rows of groups of the \(columns) columns")
    }
    rowsPerBlock = 1
    group = columns / matrix.columns
    granularity = matrix.columns == 1 ? .row : .group(group)
  }

  private static func block(_ family: PackedFamily) -> (rows: Int, columns: Int)? {
    for weights in family.settings.weightGroups where weights["strategy"]?.string == "block" {
      let extents = weights["block_structure"]?.elements?.compactMap(\.integer) ?? []
      if extents.count == 2, extents.allSatisfy({ $0 > 0 }) { return (extents[0], extents[1]) }
    }
    return nil
  }
}
