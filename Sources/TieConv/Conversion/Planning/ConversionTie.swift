// What the tie is before a conversion, so that it is the same after it.

/// Which stored matrices serve as embedding and head.
struct ConversionTie: Sendable {
  /// The stored tensor that serves as embedding; nil where none is known.
  var embedding: String?
  /// The stored tensor that serves as head; nil where the model is tied or has none.
  var head: String?
  /// Whether embedding and head are one.
  var isTied = false
  /// Whether the model has neither: an encoder, or tensors that are no model.
  var hasNoHead = false
  /// Equal copies that are not needed.
  var dropped: [String] = []
  /// Tensors that get the name that the architecture looks for.
  var renamed: [String: String] = [:]

  /// Judges `checkpoint`, and refuses what `tie` and `untie` would refuse.
  static func judged(
    _ checkpoint: Checkpoint, _ options: ExecutionOptions
  ) throws(CheckpointError) -> ConversionTie {
    if let lie = IndexAudit(checkpoint).faults.first(where: \.isLie) {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: lie.tensor, "INDEX_LIE: \(lie.message)",
        hint: "tie --rebuild-index writes the index anew from the headers")
    }
    var detector = TieDetector(checkpoint: checkpoint, options: options)
    detector.measures = false
    var found = try detector.groups()
    if found.groups.first(where: \.isMain)?.isEqual == false {
      detector.measures = true
      found = try detector.groups()
    }
    guard let main = found.groups.first(where: \.isMain) else {
      return ConversionTie(hasNoHead: true)
    }
    return try judged(main, detector.flag, checkpoint)
  }

  private static func judged(
    _ main: TieGroup, _ flag: TieFlag, _ checkpoint: Checkpoint
  ) throws(CheckpointError) -> ConversionTie {
    var tie = ConversionTie(embedding: main.embedding, head: main.head)
    switch main.verdict {
    case .tied, .tiedDuplicate:
      tie.isTied = true
      tie.head = nil
      tie.dropped = main.redundantMembers.flatMap(\.family)
    case .tiedReversed:
      tie.isTied = true
      tie.embedding = main.head
      tie.head = nil
      if let stored = main.head, let canonical = main.canonicalEmbedding {
        tie.renamed[stored] = canonical
      }
    case .flagUnknown where main.isEqual == true:
      // Nobody says whether they are one; the bytes say that nothing is lost if they are.
      tie.isTied = true
      tie.head = nil
      tie.dropped = main.redundantMembers.flatMap(\.family)
    case .untied, .untiedEqual: break
    case .noHead, .notAModel: tie.hasNoHead = true
    case .nearEqual, .roleScaled, .shapeMismatch, .quantMixed:
      guard flag.effective == false, !flag.isSplit else {
        throw .refusal(main, file: checkpoint.path)
      }
    default: throw .refusal(main, file: checkpoint.path)
    }
    return tie
  }
}
