// Why an edit is refused, and the ways out.

extension CheckpointError {
  /// The refusal of `tie` for a group with this verdict.
  static func refusal(_ group: TieGroup, file: String) -> CheckpointError {
    let detail = group.explanation.map { ": \($0)" } ?? ""
    return CheckpointError(
      .conflict, file: file, tensor: group.head ?? group.canonicalHead,
      "\(group.verdict.rawValue): \(group.verdict.meaning)\(detail)", hint: hint(group.verdict))
  }

  private static func hint(_ verdict: TieVerdict) -> String? {
    switch verdict {
    case .tiedConflict, .flagSplit, .nearEqual, .flagUnknown, .shapeMismatch, .roleScaled:
      "untie keeps both; tie --keep embedding or --keep head says which one wins"
    case .untied: "tie --keep embedding or --keep head gives one of them up"
    case .headMissing: "if the head is meant to be the embedding: tie --keep embedding"
    case .quantMixed: "tie the float checkpoint first and quantize the one table once"
    case .indexLie: "tie --rebuild-index writes the index anew from the headers"
    case .noHead, .notAModel: nil
    default: nil
    }
  }
}
