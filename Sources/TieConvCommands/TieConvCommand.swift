// The root command: what `tieconv` alone says and which commands it knows.

internal import ArgumentParser
internal import TieConv

struct TieConvCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tieconv",
    abstract: "Tells whether a checkpoint's embedding and head are tied, and ties or unties them.",
    version: TieConvVersion.current)
}

/// Parses the process's arguments and runs the command they name.
public func runTieConv() {
  TieConvCommand.main()
}
