// The truth table: flag × stored names × bytes.

/// The facts about one group, and the verdict that they give.
struct TieJudge: Sendable {
  /// What is known of the bytes.
  enum Evidence: Sendable {
    case notCompared
    /// All bytes are equal, or are those of the transpose.
    case equal(transposed: Bool)
    case different(MatrixComparison)
    /// Row counts, or dimensions, differ.
    case otherShape
    /// Packed in different ways, or one side alone.
    case otherPacking(PackingDifference)
  }

  let flag: TieFlag
  let embeddingStored: Bool
  let headStored: Bool
  /// Whether the architecture has no head.
  let isHeadless: Bool
  let evidence: Evidence
  /// Whether the stored names stand for the very same bytes: one matrix on the disk.
  var sharesStorage = false

  /// NEAR_EQUAL begins at this share of equal rows.
  static let nearEqualShare = 0.9

  /// The verdict, by the order of precedence of the table.
  var verdict: TieVerdict {
    if !embeddingStored && !headStored { return .notAModel }
    if isHeadless && !headStored { return .noHead }
    if embeddingStored && headStored {
      if isOtherShape { return .shapeMismatch }
      if case .otherPacking = evidence { return .quantMixed }
    }
    if flag.isSplit { return .flagSplit }
    if sharesStorage, flag.effective ?? true { return .tied }
    guard let tied = flag.effective else { return .flagUnknown }
    guard embeddingStored && headStored else { return oneStored(tied) }
    return bothStored(tied)
  }

  private var isOtherShape: Bool {
    switch evidence {
    case .otherShape: true
    case .different(let comparison): comparison.rows.embedding != comparison.rows.head
    default: false
    }
  }

  private func oneStored(_ tied: Bool) -> TieVerdict {
    if !embeddingStored { return .tiedReversed }
    return tied ? .tied : .headMissing
  }

  private func bothStored(_ tied: Bool) -> TieVerdict {
    switch evidence {
    case .equal: return tied ? .tiedDuplicate : .untiedEqual
    case .different(let comparison):
      if comparison.scale != nil { return .roleScaled }
      if Self.isNearEqual(comparison) { return .nearEqual }
    case .notCompared, .otherShape, .otherPacking: break
    }
    // T5 and its kin tie by rule, but a release whose two matrices differ, and which says false,
    // loads untied: the rule yields to the bytes.
    if flag.isForced, flag.statements.contains(where: { !$0.value }) { return .untied }
    return tied ? .tiedConflict : .untied
  }

  private static func isNearEqual(_ comparison: MatrixComparison) -> Bool {
    // Other codes for the same numbers.
    if comparison.isEqual { return true }
    switch comparison.cast {
    case .exact, .sameNumbers, .dequantized: return true
    case .rounded: return false
    case nil: return comparison.equalShare >= nearEqualShare
    }
  }
}
