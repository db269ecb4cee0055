// The report of an edit as JSON.

extension EditReport {
  /// The report as one JSON object.
  public var json: JSONText {
    [
      "output": .optional(output),
      "input_bytes": .integer(inputBytes),
      "output_bytes": .integer(outputBytes),
      "tensors_dropped": .array(tensorsDropped.map { .string($0) }),
      "tensors_added": .array(tensorsAdded.map { .string($0) }),
      "verified": .optional(verified),
      "receipt": .optional(receipt),
      "verdict": .string(verdict.rawValue),
      "summary": .string(summary),
      "tensors_renamed": .array(
        tensorsRenamed.map { ["from": .string($0.from), "to": .string($0.to)] }),
      "config_edits": .array(
        flagEdits.map {
          ["path": .string($0.path), "before": .optional($0.before), "after": .bool($0.after)]
        }),
      "restored_original": .bool(restoredOriginal),
      "notes": .array(notes.map { .string($0) }),
    ]
  }
}
