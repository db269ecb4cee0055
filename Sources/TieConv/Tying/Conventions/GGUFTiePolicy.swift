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

/// What llama.cpp's converter makes of a Hugging Face architecture.
public struct GGUFConversion: Hashable, Sendable {
  /// What happens to a stored `lm_head.weight`.
  public enum HeadHandling: String, Hashable, Sendable, CaseIterable {
    /// Written as `output.weight`.
    case keep
    /// Skipped by name, whatever it holds.
    case drop
    /// Skipped when the flag is true, whatever it holds.
    case dropIfFlagged = "flag"
    /// Skipped when it equals the embedding.
    case dropIfEqual = "equal"
  }

  /// `general.architecture` of the file that is written.
  public let architecture: String
  public let headHandling: HeadHandling

  /// The conversion of a class name, or nil where the converter does not know it.
  public init?(huggingFace architecture: String) {
    guard
      let line = TextTable(text: GGUFTiePolicy.converterTable).line(column: 0, key: architecture)
    else { return nil }
    let fields = line.split(separator: " ")
    guard fields.count == 3, let handling = HeadHandling(rawValue: String(fields[2])) else {
      return nil
    }
    self.architecture = String(fields[1])
    headHandling = handling
  }

  /// The policy that the written file meets.
  public var policy: GGUFTiePolicy { GGUFTiePolicy(architecture: architecture) ?? .unknown }
}
