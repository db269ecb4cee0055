// The way from a Hugging Face class to a GGUF file, as far as the head is concerned.

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
  /// What the converter does with the head.
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
