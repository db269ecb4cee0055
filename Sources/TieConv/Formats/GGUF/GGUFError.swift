// Each way in which a GGUF file can break the rules of ggml's reader.

internal import TieConvIO

/// A GGUF file that is not valid: which rule, where, what was found.
enum GGUFError: Error, Sendable {
  case io(IOFailure)
  case notGGUF
  case unsupportedVersion(UInt32)
  case truncated(offset: Int, what: String)
  case invalidCount(what: String, found: Int64, offset: Int)
  case headerTooLarge(limit: Int)
  case emptyKey(offset: Int)
  case notUTF8(what: String, offset: Int)
  case duplicateKey(String, offset: Int)
  case unknownValueType(key: String, id: UInt32, offset: Int)
  case nestedArray(key: String, offset: Int)
  case stringTooLong(found: UInt64, offset: Int)
  case arrayTooLong(key: String, count: UInt64, offset: Int)
  case invalidAlignment(GGUFValue)
  case nameTooLong(String)
  case nameWithNUL(String)
  case duplicateTensor(String, offset: Int?)
  case tooManyDimensions(tensor: String, found: UInt64)
  case negativeExtent(tensor: String, found: Int64)
  case unknownType(tensor: String, id: UInt32)
  case partialBlock(tensor: String, GGMLType, [UInt64])
  case sizeOverflow(tensor: String, GGMLType, [UInt64])
  case dataOverflow(tensor: String)
  case invalidOffset(tensor: String, found: UInt64, expected: Int)
  case incompleteData(tensor: String, end: Int, fileSize: Int)
}

extension GGUFError {
  /// The public form of the error.
  func checkpointError(file: String?) -> CheckpointError {
    switch self {
    case .io(let failure): CheckpointError(failure)
    case .notGGUF:
      CheckpointError(.unsupportedFormat, file: file, offset: 0, "not a GGUF file")
    case .unsupportedVersion(let version):
      CheckpointError(
        .unsupportedFormat, file: file, offset: 4, "GGUF version is not read",
        found: "\(version)", expected: "2 or 3",
        hint: version == 1 ? "convert the model again with a current converter" : nil)
    case .truncated(let offset, let what):
      CheckpointError(
        .invalidHeaderLength, file: file, offset: offset,
        "the file ends within \(what)", hint: "the download may have stopped early")
    case .invalidCount(let what, let found, let offset):
      CheckpointError(
        .invalidHeaderLength, file: file, offset: offset, "number of \(what) is impossible",
        found: "\(found)", expected: "no more than the file has bytes for")
    case .headerTooLarge(let limit):
      CheckpointError(
        .headerTooLarge, file: file, "header is too large", expected: "at most \(limit) bytes")
    case .emptyKey(let offset):
      CheckpointError(.invalidMetadata, file: file, offset: offset, "a metadata key is empty")
    case .notUTF8(let what, let offset):
      CheckpointError(.invalidHeaderEncoding, file: file, offset: offset, "\(what) is not UTF-8")
    case .duplicateKey(let key, let offset):
      CheckpointError(
        .duplicateKey, file: file, offset: offset, "the key \"\(key)\" comes twice")
    case .unknownValueType, .nestedArray, .stringTooLong, .arrayTooLong, .invalidAlignment:
      metadataError(file)
    default: tensorError(file)
    }
  }

  private func metadataError(_ file: String?) -> CheckpointError {
    func error(_ offset: Int?, _ message: String, found: String, expected: String? = nil)
      -> CheckpointError
    {
      CheckpointError(
        .invalidMetadata, file: file, offset: offset, message, found: found, expected: expected)
    }
    switch self {
    case .unknownValueType(let key, let id, let offset):
      return error(offset, "the type of \"\(key)\" is unknown", found: "\(id)")
    case .nestedArray(let key, let offset):
      return error(offset, "\"\(key)\" is an array of arrays", found: "element type 9")
    case .stringTooLong(let found, let offset):
      return error(
        offset, "a string is longer than what is left", found: "\(found) bytes",
        expected: "at most \(GGUFReader.maximumCount)")
    case .arrayTooLong(let key, let count, let offset):
      return error(
        offset, "\"\(key)\" has more elements than there are bytes left", found: "\(count)",
        expected: "at most \(GGUFReader.maximumCount)")
    case .invalidAlignment(let value):
      let found = value.integer.map { "\($0)" } ?? "\(value.type)"
      return error(
        nil, "general.alignment is not usable", found: "\(found) as \(value.type)",
        expected: "a power of two up to \(GGUFHeader.maximumAlignment) as uint32")
    default: return error(nil, "invalid metadata", found: "\(self)")
    }
  }

  private func tensorError(_ file: String?) -> CheckpointError {
    func error(
      _ code: CheckpointError.Code, _ tensor: String, _ message: String, found: String,
      expected: String? = nil, hint: String? = nil
    ) -> CheckpointError {
      CheckpointError(
        code, file: file, tensor: tensor, message, found: found, expected: expected, hint: hint)
    }
    func described(_ type: GGMLType, _ extents: [UInt64]) -> String {
      "\(type.name) \(Shape(extents.reversed()))"
    }
    switch self {
    case .nameTooLong(let name):
      return error(
        .invalidTensorEntry, name, "name is too long", found: "\(name.utf8.count) bytes",
        expected: "at most \(GGUFTensorInfo.maximumNameLength)")
    case .nameWithNUL(let name):
      return error(
        .invalidTensorEntry, name, "name contains NUL: readers disagree where it ends",
        found: "\(name.utf8.count) bytes")
    case .duplicateTensor(let name, let offset):
      return CheckpointError(
        .duplicateTensor, file: file, tensor: name, offset: offset,
        "name comes twice in the header")
    case .tooManyDimensions(let name, let found):
      return error(
        .invalidTensorEntry, name, "too many dimensions", found: "\(found)",
        expected: "at most \(GGUFTensorInfo.maximumRank)")
    case .negativeExtent(let name, let found):
      return error(.invalidTensorEntry, name, "an extent is negative", found: "\(found)")
    case .unknownType(let name, let id):
      return error(
        .unknownDType, name, "the tensor type is unknown or was removed from ggml",
        found: "\(id)", expected: "an id of the current table, below \(GGMLType.idCount)")
    case .partialBlock(let name, let type, let extents):
      return error(
        .misalignedSlice, name, "rows do not fill whole blocks",
        found: described(type, extents),
        expected: "a last dimension that is a multiple of \(type.blockElements)")
    case .sizeOverflow(let name, let type, let extents):
      return error(
        .shapeOverflow, name, "size beyond 64 bits", found: described(type, extents))
    case .invalidOffset(let name, let found, let expected):
      return error(
        .invalidOffset, name, "offset leaves a hole or overlaps", found: "\(found)",
        expected: "\(expected)")
    case .incompleteData(let name, let end, let size):
      return error(
        .incompleteBuffer, name, "data reaches past the end of the file",
        found: "\(size) bytes", expected: "at least \(end)",
        hint: "the download may have stopped early")
    case .dataOverflow(let name):
      return error(.shapeOverflow, name, "data section beyond 64 bits", found: "an overflow")
    default: return CheckpointError(.invalidTensorEntry, file: file, "\(self)")
    }
  }
}
