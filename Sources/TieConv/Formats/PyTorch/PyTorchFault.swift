// A rule of zip, pickle or torch.save that a file breaks.

/// What is wrong with a PyTorch file; the file's name is added where it is known.
struct PyTorchFault: Error, Sendable, Equatable {
  let code: CheckpointError.Code
  let offset: Int?
  let tensor: String?
  let message: String
  let found: String?
  let expected: String?
  let hint: String?

  init(
    _ code: CheckpointError.Code, at offset: Int? = nil, tensor: String? = nil, _ message: String,
    found: String? = nil, expected: String? = nil, hint: String? = nil
  ) {
    self.code = code
    self.offset = offset
    self.tensor = tensor
    self.message = message
    self.found = found
    self.expected = expected
    self.hint = hint
  }

  /// The public form of the fault.
  func checkpointError(file: String) -> CheckpointError {
    CheckpointError(
      code, file: file, tensor: tensor, offset: offset, message, found: found, expected: expected,
      hint: hint)
  }
}
