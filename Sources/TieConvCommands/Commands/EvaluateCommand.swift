// tieconv evaluate

public import ArgumentParser
internal import TieConv
internal import TieConvIO
public import TieConvModel

extension ComputePrecision: ExpressibleByArgument {}
extension EvaluationWindows.Scoring: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Run the model over a text and measure its perplexity.",
    discussion: """
      Perplexity is exp of the mean of -log p over non-overlapping windows of --context tokens. In a \
      window every token but the first is scored, or with --score second-half those that have half \
      a window before them. A trailing part of a window is dropped. Where the tokenizer puts a token \
      before a text, every window starts with it.

      Packed GGUF weights are multiplied as ggml does it, with activations rounded to blocks of 8-bit \
      codes: the perplexity is then the one that llama.cpp has. With --compute f32 they are multiplied \
      exactly.

      Examples:
        tieconv evaluate MODEL --text wiki.txt
        tieconv evaluate MODEL --text wiki.txt --score second-half --compute f32 --json
        tieconv evaluate MODEL --tokens ids.npy --context 1024
      """)

  @Argument(help: InputHelp.checkpoint, completion: .file())
  var input: String

  @OptionGroup var source: TextOptions

  @Option(help: ArgumentHelp("Which tokens of a window are scored.", valueName: "which"))
  var score = EvaluationWindows.Scoring.all

  @Option(
    help: ArgumentHelp(
      """
      What matrix products read: f32, bf16, or what ggml rounds to (ggml, for GGUF files); by \
      default ggml for packed GGUF weights, f32 for f32 weights, else bf16.
      """,
      valueName: "type"))
  var compute: ComputePrecision?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if !source.isGiven { throw ValidationError("Give a text, with --text or --tokens.") }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      let checkpoint = try Checkpoint(opening: input)
      let options = output.execution
      let decoder = try Decoder(of: checkpoint, precision: compute, options: options)
      let size = decoder.configuration.vocabularySize
      guard let text = try source.read(for: checkpoint, vocabularySize: size, options) else {
        return .failed
      }
      let report = try PerplexityEvaluator(decoder, options: options).report(
        try text.windows(context: source.context, scoring: score))
      output.write(report.json, text: EvaluateText(report: report).text)
      return .yes
    }
  }
}
