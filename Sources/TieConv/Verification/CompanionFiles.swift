// Tokenizers and the like: files that go with a model and that tensors say nothing about.

internal import TieConvIO

/// The files beside two checkpoints' weights that decide what text becomes tokens, and when
/// generation ends.
enum CompanionFiles {
  private static let names = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model",
    "chat_template.jinja", "generation_config.json",
  ]

  /// Names of those that both have, with other bytes in each.
  static func unlike(
    _ one: Checkpoint, _ other: Checkpoint
  ) throws(CheckpointError) -> [String] {
    var unlike: [String] = []
    for name in names {
      guard let size = Self.size(of: name, in: one), let twin = Self.size(of: name, in: other)
      else {
        continue
      }
      if size != twin {
        unlike.append(name)
        continue
      }
      let isSame = try reading { () throws(IOFailure) in
        let left = try one.tree.open(name)
        let right = try other.tree.open(name)
        return try left.bytes(in: 0..<size) == right.bytes(in: 0..<size)
      }
      if !isSame { unlike.append(name) }
    }
    return unlike
  }

  private static func size(of name: String, in checkpoint: Checkpoint) -> Int? {
    checkpoint.otherFiles.first { $0.path == name }?.size
  }
}
