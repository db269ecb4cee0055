// Does a PEFT adapter touch one side of a tied pair?

/// What a PEFT adapter would do to a checkpoint's ties.
struct AdapterAudit {
  let adapter: PEFTAdapter

  /// Reads the adapter in `folder`.
  ///
  /// - Throws: `invalidAdapter` where it is no PEFT adapter.
  init(folder: String) throws(CheckpointError) { adapter = try PEFTAdapter(folder: folder) }

  /// Findings for the main group of a checkpoint with this verdict.
  func problems(for groups: [TieGroup], verdict: TieVerdict) -> [TieProblem] {
    guard let main = groups.first(where: \.isMain) else { return [] }
    let embedding = touch(main.embedding ?? main.canonicalEmbedding)
    let head = touch(main.head ?? main.canonicalHead)
    let sharesOne = [.tied, .tiedReversed, .tiedDuplicate, .tiedConflict].contains(verdict)
    switch (embedding, head) {
    case (nil, nil):
      return [
        TieProblem("adapterClear", .info, "the adapter touches neither embedding nor head")
      ]
    // PEFT gives both sides of a tied pair the same rows.
    case (.rows?, nil) where sharesOne:
      return [
        TieProblem("adapterSharedRows", .info, "the adapter trains rows of the one matrix")
      ]
    case (let how?, nil):
      return [oneSided("embedding", "head", how, main.canonicalEmbedding, sharesOne)]
    case (nil, let how?):
      return [oneSided("head", "embedding", how, main.canonicalHead, sharesOne)]
    case (_?, _?) where adapter.ensuresTying && sharesOne:
      return [
        TieProblem(
          "adapterShared", .info,
          "the adapter changes embedding and head as the one matrix they are")
      ]
    case (let one?, let other?):
      return [
        TieProblem(
          "adapterBothSides", sharesOne ? .error : .info,
          "the adapter changes the embedding (\(Self.word(one))) and the head (\(Self.word(other))) "
            + "separately"
            + (sharesOne ? ": merged into one tied matrix, one of the two is lost" : ""),
          hint: sharesOne ? "untie the base first, then merge" : nil)
      ]
    }
  }

  private func oneSided(
    _ side: String, _ other: String, _ how: PEFTAdapter.Content, _ tensor: String?,
    _ sharesOne: Bool
  ) -> TieProblem {
    TieProblem(
      "adapterOneSide", sharesOne ? .error : .info,
      "the adapter changes the \(side) (\(Self.word(how))) and not the \(other)"
        + (sharesOne ? ": merged into a tied matrix, it changes both or is lost" : ""),
      tensor: tensor, hint: sharesOne ? "untie the base first, then merge" : nil)
  }

  /// How the adapter touches the module of `tensor`; nil where it does not.
  private func touch(_ tensor: String?) -> PEFTAdapter.Content? {
    adapter.module(of: tensor).flatMap { adapter.contents[$0] }
  }

  private static func word(_ content: PEFTAdapter.Content) -> String {
    switch content {
    case .lowRank: "LoRA"
    case .whole: "modules_to_save"
    case .rows: "trainable tokens"
    }
  }
}
