// Flags that every command has.

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

/// How progress is shown.
enum ProgressMode: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

/// How a command speaks, and how much of the machine it takes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the report as one JSON object.")
  var json = false

  @Flag(help: "Print nothing but errors and the report.")
  var quiet = false

  @Option(help: ArgumentHelp("Show progress on stderr; auto: on a terminal.", valueName: "when"))
  var progress = ProgressMode.auto

  @Option(help: ArgumentHelp("Worker threads; one a processor by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024.")
    }
  }

  /// What was typed, as the library takes it.
  var execution: ExecutionOptions {
    let isShown =
      switch progress {
      case .always: !quiet
      case .never: false
      case .auto: !quiet && StandardStream.error.takesCursorMoves
      }
    var options = ExecutionOptions(threads: threads, cancellation: .ofProcess)
    if isShown {
      let line = ProgressLine()
      options.progress = { line.show($0) }
    }
    return options
  }

  /// Writes a report: JSON where asked for, else the text. An answer that is lost, on a full disk
  /// say, is no answer.
  func write(_ json: JSONText, text: String) {
    do throws(IOFailure) {
      try StandardStream.output.deliver(self.json ? json.pretty : text)
    } catch {
      StandardStream.error.write("tieconv: \(error.path): \(error.message)\n")
      endProcess(CommandStatus.failed.rawValue)
    }
  }

  /// Writes a remark to stderr, unless quiet.
  func remark(_ text: String) {
    if !quiet { StandardStream.error.write(text + "\n") }
  }
}
