// tieconv inspect

public import ArgumentParser
public import TieConv
internal import TieConvIO

extension LoaderTarget: ExpressibleByArgument {}

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Tell from flag, names and bytes whether embedding and head are tied.",
    discussion: """
      Exits 0 for TIED, UNTIED, UNTIED_EQUAL and NO_HEAD, 1 for every other verdict
      and for a merge that is not what the adapter was trained as.

      Examples:
        tieconv inspect MODEL
        tieconv inspect MODEL --target vllm --target llama.cpp
        tieconv inspect MODEL --adapter LORA
        tieconv inspect BASE --adapter LORA --merged MERGED
        tieconv inspect MODEL --json | jq -r .verdict
      """)

  @Argument(
    help: InputHelp.checkpoint,
    completion: .file())
  var input: String

  @Option(
    help: ArgumentHelp("Predict what this loader does; may be repeated.", valueName: "name"))
  var target: [LoaderTarget] = []

  @Option(
    help: ArgumentHelp("Judge this PEFT adapter against the model.", valueName: "dir"),
    completion: .directory)
  var adapter: String?

  @Option(
    help: ArgumentHelp(
      "Look for the adapter's changes in this merged model.", valueName: "model"),
    completion: .file())
  var merged: String?

  @Flag(help: "Look at headers and config alone.")
  var noCompare = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if merged != nil, adapter == nil {
      throw ValidationError("--merged needs --adapter: whose changes are looked for.")
    }
  }

  func run() throws {
    try rendering(output) { () throws(CheckpointError) in
      let checkpoint = try Checkpoint(opening: input)
      var options = Inspector.Options(execution: output.execution)
      options.compares = !noCompare
      options.adapter = adapter
      options.merged = try merged.map { path throws(CheckpointError) in
        try Checkpoint(opening: path)
      }
      if !target.isEmpty { options.targets = target }
      let report = try Inspector(checkpoint, options: options).report()
      output.write(
        report.json, text: InspectText(report: report, style: TextStyle(.output)).text)
      return report.isSound ? .yes : .no
    }
  }
}
