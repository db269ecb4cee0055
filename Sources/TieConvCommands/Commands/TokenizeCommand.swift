// tieconv tokenize

public import ArgumentParser
internal import TieConv
internal import TieConvIO
public import TieConvModel

extension TokenFile.Spelling: ExpressibleByArgument {}

struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Turn a text into the token ids of a model.",
    discussion: """
      Takes the tokenizer.json beside the model, or such a file itself. The ids are those of the \
      tokenizers package. They go to standard output, one a line, or with -o into a file that NumPy \
      and PyTorch read.

      Examples:
        tieconv tokenize MODEL --text corpus.txt -o ids.npy
        tieconv tokenize MODEL --text corpus.txt -o ids.bin --as uint16
        tieconv tokenize MODEL --text corpus.txt --json | jq .tokens
      """)

  @Argument(
    help: "A model folder, a weight file beside its tokenizer.json, a .gguf, or a tokenizer.json.",
    completion: .file())
  var input: String

  @Option(help: ArgumentHelp("The text, in UTF-8.", valueName: "file"), completion: .file())
  var text: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where the ids go; must not exist.", valueName: "path"),
    completion: .file())
  var destination: String?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "How the ids are spelled there; by default as the name ends, .npy or bare numbers.",
      valueName: "form"))
  var spelling: TokenFile.Spelling?

  @Flag(help: "Leave out the tokens that go before and behind a text.")
  var noSpecial = false

  @Flag(help: "Replace an existing output, in one step.")
  var force = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if spelling != nil, destination == nil { throw ValidationError("--as needs -o.") }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      let tokenizer = try Tokenizer(opening: input)
      let report = try TokenizeReport(
        of: text, with: tokenizer, addSpecial: !noSpecial, threads: output.execution.threads)
      if let destination {
        try report.write(to: destination, as: spelling, replaces: force)
      }
      output.write(report.json(listsIds: destination == nil), text: report.text(destination))
      return .yes
    }
  }
}
