// tieconv compress

public import ArgumentParser
public import TieConv
internal import TieConvIO

extension ContainerCodec: ExpressibleByArgument {}

struct CompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compress",
    abstract: "Store a checkpoint in one file, losslessly, and nothing in it twice.",
    discussion: """
      Carries every file of the folder; equal tensors, and equal rows of two matrices, are stored
      once. decompress restores the folder byte for byte; every other command takes the container
      as it is.

      Examples:
        tieconv compress MODEL -o model.tiepack
        tieconv compress MODEL -o model.tiepack --dry-run
        tieconv compress FINETUNE --base MODEL -o finetune.tiepack
      """)

  @Argument(
    help: InputHelp.checkpoint,
    completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where the container goes; must not exist.", valueName: "path"),
    completion: .file())
  var destination: String

  @Option(
    help: ArgumentHelp("Store differences to this checkpoint.", valueName: "checkpoint"),
    completion: .file())
  var base: String?

  @Option(help: ArgumentHelp("The coder: zstd, or zlib's deflate.", valueName: "name"))
  var codec = ContainerCodec.zstd

  @Flag(help: "Encode everything, print how large it would be, and write nothing.")
  var dryRun = false

  @Flag(help: "Replace an existing output, in one step.")
  var force = false

  @Flag(help: "Do not decode every chunk again before it is written.")
  var noVerify = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      var options = CompressOptions(execution: output.execution)
      if let base { options.base = try Checkpoint(opening: base) }
      options.codec = codec
      options.verifies = !noVerify
      options.isDryRun = dryRun
      options.replaces = force
      let report = try Compressor(try Checkpoint(opening: input), options: options)
        .compress(to: destination)
      output.write(report.json, text: CompressText(report: report).text)
      return .yes
    }
  }
}
