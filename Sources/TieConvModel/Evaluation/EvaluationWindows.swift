// How a long run of tokens is cut into what a model reads at a time.

public import TieConv

/// Non-overlapping windows of one length. A trailing part that does not fill one is dropped.
public struct EvaluationWindows: Sendable, Equatable {
  /// Which tokens of a window are scored.
  public enum Scoring: String, Sendable, CaseIterable {
    /// Every token but the first.
    case all
    /// Only those with at least half a window before them, as llama.cpp's perplexity tool does.
    case secondHalf = "second-half"
  }

  /// The windows.
  public let windows: [[Int]]
  /// Which tokens are scored.
  public let scoring: Scoring

  /// Cuts `tokens`.
  ///
  /// - Parameters:
  ///   - tokens: the text.
  ///   - context: tokens of a window, the first one included.
  ///   - scoring: which tokens are scored.
  ///   - beginningOfSequence: a token that every window starts with, in front of `context` − 1
  ///     tokens of the text; nil for none.
  /// - Throws: `invalidText` where there is not one window.
  public init(
    _ tokens: [Int], context: Int = 512, scoring: Scoring = .all, beginningOfSequence: Int? = nil
  ) throws(CheckpointError) {
    let prefix = beginningOfSequence.map { [$0] } ?? []
    let step = context - prefix.count
    guard context > 1, step > 0, tokens.count >= step else {
      throw CheckpointError(
        .invalidText, "the text has \(tokens.count) tokens, less than a window of \(context)",
        hint: "take more text, or a shorter context")
    }
    windows = stride(from: 0, through: tokens.count - step, by: step).map {
      prefix + tokens[$0..<$0 + step]
    }
    self.scoring = scoring
  }

  /// Whether the token at `position` of a window of `count` is scored.
  func scores(_ position: Int, of count: Int) -> Bool {
    switch scoring {
    case .all: position > 0
    case .secondHalf: position > count / 2
    }
  }

  /// Several windows at a time, so that matrix products are large.
  func batches(tokens: Int = 1024) -> [TokenBatch] {
    let size = max(1, tokens / max(1, windows.first?.count ?? 1))
    return stride(from: 0, to: windows.count, by: size).map {
      TokenBatch(Array(windows[$0..<min($0 + size, windows.count)]))
    }
  }
}
