// How a command ends, and how an error looks on its way out.

internal import TieConv
internal import TieConvIO

/// The exit statuses that scripts rely on.
enum CommandStatus: Int32, Error {
  case yes = 0
  case no = 1
  case failed = 2
  case interrupted = 130

  /// The status that `error` ends with.
  init(_ error: CheckpointError) {
    self =
      switch error.code {
      case .interrupted: .interrupted
      case .conflict, .verificationFailed: .no
      default: .failed
      }
  }
}

/// Runs a command's body and renders its error.
func rendering(_ output: OutputOptions, _ body: () throws(CheckpointError) -> CommandStatus) throws
{
  let status: CommandStatus
  do throws(CheckpointError) {
    status = try body()
  } catch {
    ErrorRendering.write(error, json: output.json)
    throw CommandStatus(error)
  }
  if status != .yes { throw status }
}

/// An error for a person and for a script.
enum ErrorRendering {
  static func write(_ error: CheckpointError, json: Bool) {
    if json { StandardStream.output.write(document(error).pretty) }
    StandardStream.error.write("tieconv: \(error.line)\n")
    if let hint = error.hint { StandardStream.error.write("hint: \(hint)\n") }
  }

  static func document(_ error: CheckpointError) -> JSONText {
    [
      "error": [
        "code": .string(error.code.rawValue), "file": .optional(error.file),
        "tensor": .optional(error.tensor), "offset": .optional(error.byteOffset),
        "message": .string(error.message), "hint": .optional(error.hint),
      ]
    ]
  }
}
