// The one error type that callers of the library see.

public import TieConvIO

/// Why a checkpoint could not be read, judged or written.
public struct CheckpointError: Error, Sendable, Equatable {
  /// The kind of failure; the raw value is the `code` of a JSON report.
  public enum Code: String, Sendable, CaseIterable {
    // safetensors
    case headerTooSmall, headerTooLarge, invalidHeaderLength, invalidHeaderEncoding
    case invalidHeaderSyntax, headerTooDeep, duplicateTensor, duplicateKey, invalidTensorEntry
    case unknownDType, invalidMetadata, invalidOffset, shapeOverflow, misalignedSlice
    case tensorSizeMismatch, incompleteBuffer
    // index and configuration
    case invalidIndex, unsafePath, invalidConfig, invalidAdapter, invalidReceipt
    case invalidQuantization
    // text
    case invalidTokenizer, invalidTokens, invalidText
    // container
    case invalidContainer, unsupportedContainer, damagedContainer, wrongBase
    // PyTorch: the archive, the pickle in it, what it may not ask for, and the storages it names
    case invalidArchive, invalidPickle, forbiddenPickle, invalidStorage
    // inputs and outputs
    case notFound, unreadable, unsupportedFormat, notAModel, outputExists, outputInsideInput
    case diskFull, writeFailed, verificationFailed, interrupted, inputChanged, tooLarge
    /// The answer is no: the edit would lose weights, or needs a choice that only the user can
    /// make. The exit status is 1, not 2.
    case conflict
  }

  /// The kind of failure.
  public let code: Code
  /// The file it was found in.
  public let file: String?
  /// The tensor it concerns.
  public let tensor: String?
  /// Byte offset within the file.
  public let byteOffset: Int?
  /// What is wrong, with what was found and expected.
  public let message: String
  /// What to do about it.
  public let hint: String?
  /// The failed system call, where there was one.
  public let cause: IOFailure?

  package init(
    _ code: Code, file: String? = nil, tensor: String? = nil, offset: Int? = nil,
    _ message: String, found: String? = nil, expected: String? = nil, hint: String? = nil,
    cause: IOFailure? = nil
  ) {
    self.code = code
    self.file = file
    self.tensor = tensor
    byteOffset = offset
    let details = [found.map { "found \($0)" }, expected.map { "expected \($0)" }]
      .compactMap { $0 }.joined(separator: ", ")
    self.message = details.isEmpty ? message : "\(message) (\(details))"
    self.hint = hint
    self.cause = cause
  }

  /// The public form of a failed system call while reading or writing.
  package init(_ failure: IOFailure, writing: Bool = false, hint: String? = nil) {
    let code: Code =
      switch failure.reason {
      case .notFound: writing ? .writeFailed : .notFound
      case .diskFull: .diskFull
      case .exists: .outputExists
      case .interrupted: .interrupted
      case .changed, .unexpectedEnd: .inputChanged
      case .unsafePath: .unsafePath
      case .damaged: .damagedContainer
      case .wrongBase: .wrongBase
      case .unrepresentable: .conflict
      case .permission, .notRegular, .unsupported, .other: writing ? .writeFailed : .unreadable
      }
    let remedy: String? =
      switch code {
      case .outputExists: "give another name, or --force to replace it"
      case .diskFull: "free some space; nothing was left behind"
      case .inputChanged: "let the program that writes it finish first"
      default: hint
      }
    self.init(
      code, file: failure.path.isEmpty ? nil : failure.path, failure.message, hint: remedy,
      cause: failure)
  }

  /// The public form of what ended a loop that reads.
  init(whileReading error: any Error) {
    self =
      switch error {
      case let error as CheckpointError: error
      case let failure as IOFailure: CheckpointError(failure)
      default: CheckpointError(.unreadable, "\(error)")
      }
  }

  /// The error on one line, as it stands on stderr after `tieconv: `.
  public var line: String {
    [file, tensor, message].compactMap { $0 }.map(TextSafety.escaped).joined(separator: ": ")
  }
}
