// Module names that by themselves say "token embedding" or "output head", for architectures that
// the table does not know and for prediction layers.  Whole components only.

/// Known names of vocabulary modules.
enum VocabularyComponents {
  static let embeddings = [
    "embed_tokens", "wte", "word_embeddings", "word_embedding", "tok_embeddings", "embed_in",
    "shared", "token_embedding", "token_embeddings", "tokens_embed", "token_embd", "embeddings",
    "embedding", "embed",
  ]

  static let heads = [
    "lm_head", "output", "embed_out", "proj_out", "output_layer", "output_projection",
    "vocab_projector", "unembed", "decoder", "head",
  ]

  /// Words in a path that make a table something other than the vocabulary's.
  private static let foreignWords = [
    "vision", "visual", "image", "img", "audio", "speech", "position", "pos_emb", "token_type",
    "segment", "patch", "codec", "codebook", "vqmodel", "per_layer", "talker", "relative",
  ]

  /// Whether the path belongs to another modality or to positions.
  static func isForeign(_ stem: String) -> Bool {
    stem.split(separator: ".").contains { component in
      component == "wpe" || component == "vit"
        || foreignWords.contains { Self.contains(component.utf8, $0.utf8) }
    }
  }

  private static func contains(_ text: Substring.UTF8View, _ word: String.UTF8View) -> Bool {
    var rest = text[...]
    while rest.count >= word.count {
      if rest.starts(with: word) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  /// One byte string with its role; matching compares length and bytes only.
  struct Entry: Sendable {
    let bytes: [UInt8]
    let role: TensorRole
  }

  /// Entries by length, so that most names are passed over after one look-up.
  static let byLength: [[Entry]] = {
    let all =
      embeddings.map { Entry(bytes: Array($0.utf8), role: .embedding) }
      + heads.map { Entry(bytes: Array($0.utf8), role: .head) }
    return (0...32).map { length in all.filter { $0.bytes.count == length } }
  }()
}
