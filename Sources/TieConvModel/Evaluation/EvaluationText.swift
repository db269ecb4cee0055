// The tokens that a model is measured on: of a text, or given as they are.

public import TieConv

/// A run of tokens for one model.
public struct EvaluationText: Sendable, Equatable {
  /// The tokens.
  public let tokens: [Int]
  /// What the tokenizer puts before a text, and so before every window; nil for nothing.
  public let beginningOfSequence: Int?
  /// The file that they come from.
  public let path: String

  /// Reads the text file at `path` with the tokenizer that lies beside the checkpoint.
  ///
  /// - Throws: `CheckpointError` where there is no tokenizer, or it or the text cannot be read.
  public init(
    text path: String, for checkpoint: Checkpoint,
    options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) {
    let tokenizer = try Tokenizer(of: checkpoint)
    tokens = try TokenizeReport(
      of: path, with: tokenizer, addSpecial: false, threads: options.threads
    ).ids.map(Int.init)
    self.path = path
    beginningOfSequence =
      tokenizer.addsBeginningOfSequence ? tokenizer.beginningOfSequence.map(Int.init) : nil
  }

  /// Reads a file of token ids; nothing is put before a window.
  public init(
    tokens path: String, vocabularySize: Int
  ) throws(CheckpointError) {
    tokens = try TokenFile(path: path, vocabularySize: vocabularySize).ids.map(Int.init)
    beginningOfSequence = nil
    self.path = path
  }

  /// The text's windows.
  public func windows(
    context: Int = 512, scoring: EvaluationWindows.Scoring = .all
  ) throws(CheckpointError) -> EvaluationWindows {
    do throws(CheckpointError) {
      return try EvaluationWindows(
        tokens, context: context, scoring: scoring, beginningOfSequence: beginningOfSequence)
    } catch {
      throw CheckpointError(error.code, file: path, error.message, hint: error.hint)
    }
  }
}
