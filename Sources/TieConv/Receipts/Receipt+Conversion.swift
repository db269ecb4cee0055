// The receipt of a conversion from GGUF: not a way back by itself, but what the way back needs.

internal import TieConvIO

extension Receipt {
  /// The receipt that a folder converted from `origin` gets: with the state of what `plan` writes,
  /// and of files that it carries over, as an older receipt has them.
  static func conversion(
    from origin: GGUFOrigin, _ tie: ConversionTie, _ plan: ConversionPlan,
    carrying older: [FileState] = []
  ) -> Receipt {
    let starts = plan.weights.map { FileState(name: $0.name, digest: SHA256Digest(of: $0.start)) }
    let texts = plan.texts.map { FileState(name: $0.name, digest: SHA256Digest(of: $0.text)) }
    let carried = Set(plan.carried.map(\.path))
    let verdict: TieVerdict = tie.hasNoHead ? .noHead : tie.isTied ? .tied : .untied
    return Receipt(
      version: TieConvVersion.current, operation: .convert, verdict: verdict.rawValue,
      reason: "plain numbers of a GGUF file; those that stay what they are go back into its blocks",
      tensors: [], flagEdits: [],
      files: starts + texts + older.filter { carried.contains($0.name) }, restoration: nil,
      origin: origin)
  }

  /// The receipt as a file of a folder.
  var file: (name: String, text: [UInt8]) { (Self.fileName, Array(json().pretty.utf8)) }

  /// What says how a model computes, and how it reads text, in a folder that is converted from GGUF.
  private static let texts = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
  ]
  /// What would say it otherwise, were it added.
  private static let otherTexts = [
    "tokenizer.model", "added_tokens.json", "chat_template.jinja", "chat_template.json",
  ]

  /// Whether config and tokenizer are those that the receipt was written beside.
  func describesTexts(of checkpoint: Checkpoint) throws(CheckpointError) -> Bool {
    let changed = Set(try changedFiles(in: checkpoint))
    return Self.texts.allSatisfy { name in
      !changed.contains(name) && files.contains { $0.name == name }
    } && !checkpoint.otherFiles.contains { Self.otherTexts.contains($0.path) }
  }
}
