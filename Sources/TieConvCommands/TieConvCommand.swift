// The root command: what `tieconv` alone says and which commands it knows.

internal import ArgumentParser
internal import TieConv
internal import TieConvIO

struct TieConvCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tieconv",
    abstract: "Tells whether a checkpoint's embedding and head are tied, and ties or unties them.",
    discussion: """
      Examples:
        tieconv inspect MODEL                 the verdict, and what loaders would do
        tieconv tie MODEL -o OUT              drop an equal head, losslessly
        tieconv verify MODEL OUT              prove that nothing else changed

      Exit status: 0 done, or yes; 1 the answer is no; 2 could not do or could not tell; \
      64 the command line is wrong; 130 interrupted.
      """,
    version: TieConvVersion.current,
    subcommands: [
      InspectCommand.self, TieCommand.self, UntieCommand.self, VerifyCommand.self,
      ConvertCommand.self, CompressCommand.self, DecompressCommand.self, TokenizeCommand.self,
      EvaluateCommand.self,
    ])
}

/// Parses the process's arguments, runs the command they name, and ends the process with the
/// status that the command line promises.
public func runTieConv() -> Never {
  Cancellation.catchSignals()
  ProcessLimits.raiseOpenFiles()
  do {
    var command = try TieConvCommand.parseAsRoot()
    try command.run()
    endProcess(0)
  } catch let status as CommandStatus {
    endProcess(status.rawValue)
  } catch {
    let code = TieConvCommand.exitCode(for: error)
    let message = TieConvCommand.fullMessage(for: error)
    let stream: StandardStream = code == .success ? .output : .error
    if !message.isEmpty { stream.write(message + "\n") }
    endProcess(code.rawValue)
  }
}
