// The files of a folder that say how text becomes ids.

internal import TieConvIO

/// A folder's tokenizer, read.
struct TokenizerFiles: Sendable {
  /// Where they lie.
  let folder: String
  /// tokenizer.json.
  let definition: TokenizerDefinition?
  /// tokenizer.model.
  let sentencePiece: SentencePieceModel?
  /// tokenizer_config.json.
  let config: JSONNode?
  /// Tokens added to a SentencePiece model's own, from the newest file that lists them.
  let addedTokens: [TokenizerDefinition.AddedToken]
  /// The chat templates: the default one has no name.
  let chatTemplates: [(name: String?, text: String)]

  func path(_ name: String) -> String { FilePath.join(folder, name) }

  /// Reads what `checkpoint` has of them.
  init(_ checkpoint: Checkpoint) throws(CheckpointError) {
    folder = checkpoint.path
    definition = try checkpoint.companion(
      "tokenizer.json", maximumSize: TokenizerJSON.maximumSize
    ).map { (text) throws(CheckpointError) in
      try TokenizerDefinition(text: text, path: checkpoint.companionPath("tokenizer.json"))
    }
    // A byte-level tokenizer's tokenizer.model, where there is one, is of another kind (tiktoken).
    let isByteLevel = definition.map { $0.kind == "BPE" && !$0.hasByteFallback } ?? false
    sentencePiece =
      isByteLevel
      ? nil
      : try checkpoint.companion("tokenizer.model", maximumSize: SentencePieceModel.maximumSize)
        .map { (bytes) throws(CheckpointError) in
          try SentencePieceModel(bytes: bytes, path: checkpoint.companionPath("tokenizer.model"))
        }
    let config = try checkpoint.companionJSON("tokenizer_config.json")
    self.config = config
    addedTokens = try Self.added(checkpoint, config, definition)
    chatTemplates = try Self.templates(checkpoint, config)
  }

  private static func added(
    _ checkpoint: Checkpoint, _ config: JSONNode?, _ definition: TokenizerDefinition?
  ) throws(CheckpointError) -> [TokenizerDefinition.AddedToken] {
    var tokens: [TokenizerDefinition.AddedToken] = []
    for member in try checkpoint.companionJSON("added_tokens.json")?.members ?? [] {
      if let id = member.node.integer {
        tokens.append(TokenizerDefinition.AddedToken(id: id, content: member.key))
      }
    }
    for member in config?["added_tokens_decoder"]?.members ?? [] {
      if let id = Int(member.key), let content = member.node["content"]?.string {
        tokens.append(
          TokenizerDefinition.AddedToken(
            id: id, content: content, isSpecial: member.node["special"]?.bool ?? false))
      }
    }
    return tokens.isEmpty ? definition?.addedTokens ?? [] : tokens
  }

  private static func templates(
    _ checkpoint: Checkpoint, _ config: JSONNode?
  ) throws(CheckpointError) -> [(name: String?, text: String)] {
    if let text = config?["chat_template"]?.string { return [(nil, text)] }
    if let list = config?["chat_template"]?.elements {
      return list.compactMap { node in
        guard let name = node["name"]?.string, let text = node["template"]?.string else {
          return nil
        }
        return (name == "default" ? nil : name, text)
      }
    }
    if let bytes = try checkpoint.companion(
      "chat_template.jinja", maximumSize: Checkpoint.maximumText),
      bytes.firstInvalidUTF8() == nil
    {
      return [(nil, String(decoding: bytes, as: UTF8.self))]
    }
    if let text = try checkpoint.companionJSON("chat_template.json")?["chat_template"]?.string {
      return [(nil, text)]
    }
    return []
  }
}
