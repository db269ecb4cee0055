// tieconv untie

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

struct UntieCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "untie",
    abstract: "Store embedding and head as two matrices, and set the flag everywhere.",
    discussion: """
      Stores the head beside the embedding and sets tie_word_embeddings to false at every level of \
      the config. A checkpoint that tieconv tied becomes, byte for byte, what it was.

      Examples:
        tieconv untie MODEL -o OUT
        tieconv untie MODEL -o OUT --dry-run
      """)

  @OptionGroup var edit: EditCommandOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      let report = try TieEditor(
        try Checkpoint(opening: edit.input), options: edit.resolved(output.execution)
      ).untie(to: edit.output)
      EditText(report: report, isDryRun: edit.dryRun).write(output)
      return .yes
    }
  }
}
