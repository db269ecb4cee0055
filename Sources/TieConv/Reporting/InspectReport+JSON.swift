// The report as JSON: keys are a promise to scripts.

extension InspectReport {
  /// The report as one JSON object.
  public var json: JSONText {
    [
      "format": .string(format),
      "verdict": .string(verdict.rawValue),
      "flag": [
        "effective": .optional(flag.effective),
        "source": .optional(flag.source),
        "values": .array(
          flag.statements.map {
            ["file": .optional(flagFile), "path": .string($0.path), "value": .bool($0.value)]
          }),
      ],
      "tie_groups": .array(groups.map(Self.json(of:))),
      "problems": .array(
        problems.map {
          [
            "code": .string($0.code), "severity": .string($0.severity.rawValue),
            "message": .string($0.message), "tensor": .optional($0.tensor),
            "hint": .optional($0.hint),
          ]
        }),
      "parameters": ["stored": .integer(parameters.stored), "unique": .integer(parameters.unique)],
      "bytes": [
        "files": .integer(bytes.files), "stored": .integer(bytes.stored),
        "reclaimable": .integer(bytes.reclaimable),
      ],
      "targets": .array(
        targets.map {
          [
            "target": .string($0.target.rawValue), "outcome": .string($0.outcome.rawValue),
            "reason": .string($0.reason),
          ]
        }),
      "merge": merge?.json ?? .null,
      "architecture": .optional(architecture),
      "tensors": .integer(tensorCount),
    ]
  }

  private static func json(of group: TieGroup) -> JSONText {
    let comparison = group.comparison
    let rows = comparison?.differingRows ?? RowRanges()
    return [
      "verdict": .string(group.verdict.rawValue),
      "kind": .string(group.kind.rawValue),
      "main": .bool(group.isMain),
      "embedding": .optional(group.embedding),
      "head": .optional(group.head),
      "members": .array(
        group.members.map {
          [
            "name": .string($0.name), "role": .string($0.role.rawValue),
            "dtype": .string($0.dtype.rawValue),
            "shape": .array($0.shape.dimensions.map { .integer(Int(clamping: $0)) }),
            "file": .string($0.file),
            "packing": .optional($0.packing?.description),
            "matrix_shape": $0.matrixShape.map {
              .array($0.dimensions.map { .integer(Int(clamping: $0)) })
            } ?? .null,
          ]
        }),
      "equal": .optional(group.isEqual),
      // Of packed matrices whose bytes differ: whether the numbers they stand for are equal.
      "equal_after_dequantization": comparison.map {
        $0.isDequantized ? .bool($0.isEqual) : .null
      } ?? .null,
      "max_abs_diff": group.isEqual == true ? .double(0) : .optional(comparison?.maxAbsDiff),
      // Half-open, like the data offsets of safetensors: [from, to) of each run.
      "differing_rows": [
        "count": .integer(rows.count),
        "first": .array(
          rows.ranges.prefix(8).map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
      ],
      "scale": .optional(comparison?.scale),
      "explanation": .optional(group.explanation),
      "reclaimable_bytes": .integer(group.reclaimableBytes),
    ]
  }
}
