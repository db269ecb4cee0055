// What a model is run on.

internal import ArgumentParser
internal import TieConv
internal import TieConvModel

/// A text, or its tokens.
struct TextOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A text, in UTF-8.", valueName: "file"), completion: .file())
  var text: String?

  @Option(
    help: ArgumentHelp("Token ids instead: .npy, or bare numbers.", valueName: "file"),
    completion: .file())
  var tokens: String?

  @Option(help: ArgumentHelp("Tokens of a window.", valueName: "n"))
  var context = 512

  func validate() throws {
    if text != nil, tokens != nil { throw ValidationError("Give --text or --tokens, not both.") }
    guard (2...1 << 20).contains(context) else {
      throw ValidationError("--context takes a number from 2 to 1048576.")
    }
  }

  /// Whether there is one of the two.
  var isGiven: Bool { text != nil || tokens != nil }

  /// What was given, for the model of `checkpoint`; nil where nothing was.
  func read(
    for checkpoint: Checkpoint, vocabularySize: Int, _ options: ExecutionOptions
  ) throws(CheckpointError) -> EvaluationText? {
    if let text { return try EvaluationText(text: text, for: checkpoint, options: options) }
    if let tokens { return try EvaluationText(tokens: tokens, vocabularySize: vocabularySize) }
    return nil
  }
}
