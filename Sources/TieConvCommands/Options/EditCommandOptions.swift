// Arguments that tie and untie share.

internal import ArgumentParser
internal import TieConv

/// Input, output and the choices of an edit.
struct EditCommandOptions: ParsableArguments {
  @Argument(
    help: InputHelp.checkpoint,
    completion: .file())
  var input: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Where the result goes; must not exist.", valueName: "path"),
    completion: .file())
  var output: String

  @Flag(help: "Print the plan and write nothing.")
  var dryRun = false

  @Flag(help: "Replace an existing output, in one step.")
  var force = false

  @Flag(help: "Do not compare the output with the input before it is put in place.")
  var noVerify = false

  @Flag(help: "Write an index that contradicts the files anew from their headers.")
  var rebuildIndex = false

  /// What was typed, as the library takes it.
  func resolved(_ execution: ExecutionOptions) -> EditOptions {
    var options = EditOptions(execution: execution)
    options.isDryRun = dryRun
    options.replaces = force
    options.verifies = !noVerify
    options.rebuildsIndex = rebuildIndex
    return options
  }
}
