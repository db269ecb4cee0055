// tieconv tie

public import ArgumentParser
public import TieConv
internal import TieConvIO

extension KeptSide: ExpressibleByArgument {}

struct TieCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tie",
    abstract: "Store embedding and head once, losslessly.",
    discussion: """
      Drops a head that equals the embedding, and moves shards, index and config with it. Where the \
      two differ it refuses (exit 1), unless --keep says which side wins. The input is never \
      modified; a receipt in the output lets untie restore the original byte for byte.

      Examples:
        tieconv tie MODEL -o OUT
        tieconv tie MODEL -o OUT --keep head
        tieconv tie model.safetensors -o tied.safetensors
      """)

  @OptionGroup var edit: EditCommandOptions

  @Option(help: ArgumentHelp("The side that wins where the two differ.", valueName: "side"))
  var keep: KeptSide?

  @OptionGroup var output: OutputOptions

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      var options = edit.resolved(output.execution)
      options.keep = keep
      let report = try TieEditor(try Checkpoint(opening: edit.input), options: options)
        .tie(to: edit.output)
      EditText(report: report, isDryRun: edit.dryRun).write(output)
      return .yes
    }
  }
}
