// What llama.cpp's loaders accept: a GGUF file has no flag, only an `output.weight` or none.

/// Whether a GGUF architecture may, must or cannot store a head of its own.
public enum GGUFTiePolicy: String, Hashable, Sendable, CaseIterable {
  /// `output.weight` may be absent; then `token_embd.weight` is used.
  case optional
  /// Never read: a file that carries it fails with "wrong number of tensors".
  case alwaysTied = "always_tied"
  /// Must be there: a tied model has to store the matrix twice.
  case outputRequired = "output_required"
  /// May be absent, but nothing takes its place.
  case optionalWithoutFallback = "optional_no_fallback"
  /// `token_embd.weight` may be absent; then `output.weight` is used.
  case embeddingFallsBackToOutput = "token_embd_falls_back_to_output"
  /// An encoder or embedding model.
  case noHead = "no_lm_head"
  /// The name is registered, but no tensor loader was found.
  case unknown

  /// The policy of `general.architecture`.
  public init?(architecture: String) {
    guard let line = TextTable(text: GGUFTiePolicy.table).line(column: 0, key: architecture)
    else { return nil }
    let fields = line.split(separator: " ")
    guard fields.count >= 2 else { return nil }
    self.init(rawValue: String(fields[1]))
  }

  /// Whether `output.bias` is read for this architecture.
  public static func readsOutputBias(architecture: String) -> Bool {
    TextTable(text: table).line(column: 0, key: architecture)?.hasSuffix(" bias") ?? false
  }

  /// Every architecture with its policy.
  public static var all: [(architecture: String, policy: GGUFTiePolicy)] {
    TextTable(text: table).allLines.compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let policy = GGUFTiePolicy(rawValue: String(fields[1])) else {
        return nil
      }
      return (String(fields[0]), policy)
    }
  }
}
