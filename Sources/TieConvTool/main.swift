// The executable: everything it does is in TieConvCommands.

internal import TieConvCommands

runTieConv()
