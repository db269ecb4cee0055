// Each way in which a safetensors file can break the rules of the reference reader.

/// A safetensors file that is not valid: which rule, which tensor, what was declared and found.
enum SafetensorsError: Error, Sendable, Equatable {
  case headerTooSmall(fileSize: Int)
  case headerTooLarge(declared: UInt64)
  case invalidHeaderLength(declared: UInt64, fileSize: Int)
  case syntax(JSONSyntaxError)
  case invalidMetadata(offset: Int)
  case duplicateMetadata(key: String, offset: Int)
  case invalidTensorEntry(tensor: String, offset: Int, message: String)
  case unknownDType(tensor: String, found: String)
  case invalidOffset(tensor: String, begin: UInt64, end: UInt64, expected: UInt64)
  case shapeOverflow(tensor: String, shape: Shape, dtype: DType)
  case misalignedSlice(tensor: String, shape: Shape, dtype: DType)
  case tensorSizeMismatch(tensor: String, declared: UInt64, computed: UInt64)
  case incompleteBuffer(declared: UInt64, found: Int)
}

extension SafetensorsError {
  /// The public form of the error.
  func checkpointError(file: String) -> CheckpointError {
    switch self {
    case .headerTooSmall(let size):
      CheckpointError(
        .headerTooSmall, file: file, "no header", found: "\(size) bytes",
        expected: "at least 8", hint: "the download may have stopped early")
    case .headerTooLarge(let declared):
      CheckpointError(
        .headerTooLarge, file: file, offset: 0, "header length out of bounds",
        found: "\(declared)", expected: "at most \(SafetensorsHeader.maximumLength)",
        hint: "this may not be a safetensors file")
    case .invalidHeaderLength(let declared, let size):
      CheckpointError(
        .invalidHeaderLength, file: file, offset: 0,
        "header reaches past the end of the file", found: "\(declared) bytes",
        expected: "at most \(size - 8)", hint: "the download may have stopped early")
    case .syntax(let error): Self.syntaxError(error, file: file)
    case .invalidMetadata(let offset):
      CheckpointError(
        .invalidMetadata, file: file, offset: offset,
        "__metadata__ must map strings to strings")
    case .duplicateMetadata(let key, let offset):
      CheckpointError(
        .duplicateKey, file: file, offset: offset,
        "the key \"\(key)\" comes twice in __metadata__")
    case .invalidTensorEntry(let tensor, let offset, let message):
      CheckpointError(.invalidTensorEntry, file: file, tensor: tensor, offset: offset, message)
    case .unknownDType(let tensor, let found):
      CheckpointError(
        .unknownDType, file: file, tensor: tensor, "unknown dtype", found: found,
        expected: "one of the safetensors specification")
    case .invalidOffset(let tensor, let begin, let end, let expected):
      CheckpointError(
        .invalidOffset, file: file, tensor: tensor,
        "data offsets leave a hole or overlap", found: "[\(begin), \(end)]",
        expected: "a begin of \(expected)")
    case .shapeOverflow(let tensor, let shape, let dtype):
      CheckpointError(
        .shapeOverflow, file: file, tensor: tensor,
        "size beyond 64 bits", found: "\(dtype.rawValue) \(shape)")
    case .misalignedSlice(let tensor, let shape, let dtype):
      CheckpointError(
        .misalignedSlice, file: file, tensor: tensor,
        "elements do not fill whole bytes", found: "\(dtype.rawValue) \(shape)")
    case .tensorSizeMismatch(let tensor, let declared, let computed):
      CheckpointError(
        .tensorSizeMismatch, file: file, tensor: tensor,
        "data offsets disagree with shape and dtype", found: "\(declared) bytes",
        expected: "\(computed)")
    case .incompleteBuffer(let declared, let found):
      CheckpointError(
        .incompleteBuffer, file: file, "data section has the wrong size",
        found: "\(found) bytes", expected: "\(declared)",
        hint: found < Int(clamping: declared) ? "the download may have stopped early" : nil)
    }
  }

  private static func syntaxError(_ error: JSONSyntaxError, file: String) -> CheckpointError {
    // Offsets count from the start of the file, after the eight bytes of the length.
    let offset = error.offset + 8
    return switch error.kind {
    case .encoding:
      CheckpointError(.invalidHeaderEncoding, file: file, offset: offset, "header is not UTF-8")
    case .depth:
      CheckpointError(
        .headerTooDeep, file: file, offset: offset, "header nests too deep",
        expected: "at most \(JSONScanner.maximumDepth) levels")
    case .duplicateKey("__metadata__"):
      CheckpointError(.duplicateKey, file: file, offset: offset, "__metadata__ comes twice")
    case .duplicateKey(let key):
      CheckpointError(
        .duplicateTensor, file: file, tensor: key, offset: offset,
        "name comes twice in the header",
        hint: "other readers keep one of them silently; write the file again")
    case .syntax:
      CheckpointError(
        .invalidHeaderSyntax, file: file, offset: offset,
        "header is not JSON: \(error.message)")
    }
  }
}
