// tieconv decompress

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

struct DecompressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decompress",
    abstract: "Restore the files of a container, byte for byte.",
    discussion: """
      Every chunk is checked before it is written. A container of differences needs the checkpoint
      that it was compressed against, and refuses any other.

      Examples:
        tieconv decompress model.tiepack -o MODEL
        tieconv decompress finetune.tiepack --base MODEL -o FINETUNE
      """)

  @Argument(help: "A .tiepack file.", completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Where the files go; must not exist.", valueName: "path"),
    completion: .file())
  var destination: String

  @Option(
    help: ArgumentHelp("What it was compressed against.", valueName: "checkpoint"),
    completion: .file())
  var base: String?

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  @Flag(help: "Replace an existing output, in one step.")
  var force = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      var options = DecompressOptions(execution: output.execution)
      options.isDryRun = dryRun
      options.replaces = force
      var given: Checkpoint?
      if let base { given = try Checkpoint(opening: base) }
      let report = try Decompressor(opening: input, base: given, options: options)
        .decompress(to: destination)
      output.write(report.json, text: CompressText(report: report).text)
      return .yes
    }
  }
}
