// tieconv convert

public import ArgumentParser
public import TieConv
internal import TieConvIO

extension ConversionTarget: ExpressibleByArgument {}

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Move a model between formats, the tie kept true.",
    discussion: """
      A tied model stays tied in the way of the target, and an untied one untied; a head that the \
      target cannot hold is a refusal (exit 1), never a loss. Element types are kept unless \
      --dtype says otherwise; a number that a type cannot hold is a refusal too. The output is \
      computed a second time and compared before it is put in place.

      To gguf: llama, mistral, qwen2, qwen3, gemma, gemma2, gemma3, phi3, gpt2, gpt_neox, \
      starcoder2 and olmo2, with tokenizer. From gguf: llama, mistral, qwen2, qwen3, gemma3, gpt2; \
      packed blocks become f32, and the receipt says what they were, so that the way back gives \
      those that were not edited in their own blocks. From gguf to gguf: parts are merged, or made \
      with --max-shard-size, and --dtype unpacks.

      Examples:
        tieconv convert MODEL -o model.gguf --to gguf --dtype f16
        tieconv convert model.gguf -o MODEL --to safetensors
        tieconv convert MODEL -o SHARDED --to safetensors --max-shard-size 2GB
        tieconv convert part-00001-of-00003.gguf -o whole.gguf --to gguf
      """)

  @Argument(
    help: InputHelp.checkpoint, completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where the result goes; must not exist.", valueName: "path"),
    completion: .file())
  var destination: String

  @Option(help: ArgumentHelp("The format of the result.", valueName: "format"))
  var to: ConversionTarget

  @Option(help: ArgumentHelp("Cast float matrices to f32, bf16 or f16.", valueName: "type"))
  var dtype: MatrixType?

  @Option(
    help: ArgumentHelp(
      "The most that one weight file gets: 5GB in a folder; of a GGUF, makes a folder of parts.",
      valueName: "size"),
    transform: ByteSize.init(typed:))
  var maxShardSize: ByteSize?

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  @Flag(help: "Replace an existing output, in one step.")
  var force = false

  @Flag(help: "Do not compute the output again and compare before it is put in place.")
  var noVerify = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if maxShardSize != nil, to == .tiepack {
      throw ValidationError("--max-shard-size is for folders: a tiepack is one file.")
    }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      var options = ConvertOptions(execution: output.execution)
      options.dtype = dtype?.dtype
      if let maxShardSize { options.maximumShardSize = maxShardSize.bytes }
      options.verifies = !noVerify
      options.isDryRun = dryRun
      options.replaces = force
      let report = try Converter(try Checkpoint(opening: input), options: options)
        .convert(to: destination, as: to)
      output.write(report.json, text: ConvertText(report: report).text)
      for note in report.notes { output.remark("note: \(note)") }
      return .yes
    }
  }
}
