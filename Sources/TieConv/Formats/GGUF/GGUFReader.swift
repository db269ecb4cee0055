// From the first bytes of a file to a checked header, by the rules of ggml's own reader.

internal import TieConvIO

extension GGUFHeader {
  /// Reads the header of the file at `path`; tensor bytes stay on disk.
  ///
  /// - Throws: `CheckpointError` with the first rule of ggml that the file breaks.
  public init(opening path: String) throws(CheckpointError) {
    try self.init(reading: try reading { () throws(IOFailure) in try InputFile(path) })
  }

  /// Reads the header that `source` begins with.
  init(reading source: any ByteSource) throws(CheckpointError) {
    do throws(GGUFError) {
      var reader = GGUFReader(source)
      self = try reader.header()
    } catch {
      throw error.checkpointError(file: source.path)
    }
  }
}

/// Reads one header.
struct GGUFReader {
  /// The longest string in bytes, and the longest array in elements, as in ggml.
  static let maximumCount = 1 << 30
  /// The most tensors, and the most keys: a hundred times what is known.
  private static let maximumEntries: Int64 = 1 << 20
  /// The least bytes of a key with its value, and of a tensor.
  private static let leastPair: Int64 = 8 + 1 + 4 + 1
  private static let leastTensor: Int64 = 8 + 4 + 4 + 8

  /// Keys whose places are noted.
  private static let markedKeys: Set<String> = [Receipt.metadataKey, GGUFSplit.tensorCountKey]

  private let source: any ByteSource
  private var cursor: GGUFCursor
  private var marks: [String: Range<Int>] = [:]

  init(_ source: any ByteSource) {
    self.source = source
    cursor = GGUFCursor(source)
  }

  mutating func header() throws(GGUFError) -> GGUFHeader {
    let version = try start()
    let tensorCount = try count(of: "tensors", each: Self.leastTensor)
    let pairCount = try count(of: "metadata keys", each: Self.leastPair)
    let start = cursor.offset
    let metadata = try metadata(pairCount)
    let pairs = start..<cursor.offset
    let alignment = try GGUFRules.alignment(metadata)
    let tensors = try tensors(tensorCount, alignment)
    // As in ggml, a file without tensors has no padding behind the header.
    let end = cursor.offset
    let header = GGUFHeader(
      version: version, byteOrder: cursor.order, metadata: metadata, tensors: tensors,
      alignment: alignment,
      dataStart: tensors.isEmpty ? end : GGUFHeader.padded(end, to: alignment),
      pairs: pairs, marks: marks)
    try checkData(header)
    return header
  }

  // MARK: Start

  /// Magic and version, which tells the byte order.
  private mutating func start() throws(GGUFError) -> UInt32 {
    guard source.size >= 4, try cursor.bytes(4, "the magic").elementsEqual(GGUFHeader.magic) else {
      throw .notGGUF
    }
    var version = try cursor.integer("the version", as: UInt32.self)
    if version & 0xFFFF == 0 {
      cursor.order = .big
      version = version.byteSwapped
    }
    guard version == 2 || version == 3 else { throw .unsupportedVersion(version) }
    return version
  }

  private mutating func count(of what: String, each least: Int64) throws(GGUFError) -> Int {
    let offset = cursor.offset
    let count = try cursor.integer("the number of \(what)", as: Int64.self)
    guard count >= 0, count <= Int64(cursor.left) / least else {
      throw .invalidCount(what: what, found: count, offset: offset)
    }
    guard count <= Self.maximumEntries else {
      throw .headerTooLarge(limit: GGUFCursor.maximumHeader)
    }
    return Int(count)
  }

  // MARK: Metadata

  private mutating func metadata(_ count: Int) throws(GGUFError) -> GGUFMetadata {
    var metadata = GGUFMetadata()
    for _ in 0..<count {
      let offset = cursor.offset
      let key = try name("a metadata key")
      guard !key.isEmpty else { throw .emptyKey(offset: offset) }
      let type = try valueType(of: key)
      guard metadata.append(try value(of: key, type), for: key) else {
        throw .duplicateKey(key, offset: offset)
      }
      if Self.markedKeys.contains(key) { marks[key] = offset..<cursor.offset }
    }
    return metadata
  }

  private mutating func valueType(of key: String) throws(GGUFError) -> GGUFValueType {
    let offset = cursor.offset
    let id = try cursor.integer("the type of \"\(key)\"", as: UInt32.self)
    guard let type = GGUFValueType(rawValue: id) else {
      throw .unknownValueType(key: key, id: id, offset: offset)
    }
    return type
  }

  private mutating func value(
    of key: String, _ type: GGUFValueType
  ) throws(GGUFError) -> GGUFValue {
    func what() -> String { "the value of \"\(key)\"" }
    switch type {
    case .uint8: return .uint8(try cursor.integer(what()))
    case .int8: return .int8(try cursor.integer(what()))
    case .uint16: return .uint16(try cursor.integer(what()))
    case .int16: return .int16(try cursor.integer(what()))
    case .uint32: return .uint32(try cursor.integer(what()))
    case .int32: return .int32(try cursor.integer(what()))
    case .uint64: return .uint64(try cursor.integer(what()))
    case .int64: return .int64(try cursor.integer(what()))
    case .float32: return .float32(Float(bitPattern: try cursor.integer(what())))
    case .float64: return .float64(Double(bitPattern: try cursor.integer(what())))
    // As in ggml, any byte but 0 is true.
    case .bool: return .bool(try cursor.integer(what(), as: UInt8.self) != 0)
    case .string:
      let bytes = try cursor.bytes(try cursor.textLength(what()), what())
      let text = String(validating: bytes, as: UTF8.self)
      return text.map { .string($0) } ?? .malformedString(Array(bytes))
    case .array: return .array(try array(of: key))
    }
  }

  private mutating func array(of key: String) throws(GGUFError) -> GGUFArray {
    func what() -> String { "the array \"\(key)\"" }
    let start = cursor.offset
    let type = try valueType(of: key)
    guard type != .array else { throw .nestedArray(key: key, offset: start) }
    let declared = try cursor.integer(what(), as: UInt64.self)
    // Eight bytes at least a string: its length.
    guard declared <= UInt64(Self.maximumCount),
      declared * UInt64(type.byteWidth ?? 8) <= UInt64(cursor.left)
    else { throw .arrayTooLong(key: key, count: declared, offset: start) }
    let count = Int(declared)
    switch type {
    case .uint8: return .uint8(try cursor.integers(count, what()))
    case .int8: return .int8(try cursor.integers(count, what()))
    case .uint16: return .uint16(try cursor.integers(count, what()))
    case .int16: return .int16(try cursor.integers(count, what()))
    case .uint32: return .uint32(try cursor.integers(count, what()))
    case .int32: return .int32(try cursor.integers(count, what()))
    case .uint64: return .uint64(try cursor.integers(count, what()))
    case .int64: return .int64(try cursor.integers(count, what()))
    case .float32:
      let bits: [UInt32] = try cursor.integers(count, what())
      return .float32(bits.map { Float(bitPattern: $0) })
    case .float64:
      let bits: [UInt64] = try cursor.integers(count, what())
      return .float64(bits.map { Double(bitPattern: $0) })
    case .bool:
      let bytes: [UInt8] = try cursor.integers(count, what())
      return .bool(bytes.map { $0 != 0 })
    case .string: return .string(try cursor.strings(count, what()))
    case .array: throw .nestedArray(key: key, offset: start)
    }
  }

  /// A key or a tensor's name: unlike other strings, it must be UTF-8.
  private mutating func name(_ what: String) throws(GGUFError) -> String {
    let offset = cursor.offset
    let bytes = try cursor.bytes(try cursor.textLength(what), what)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .notUTF8(what: what, offset: offset)
    }
    return text
  }

  // MARK: Tensors

  private mutating func tensors(
    _ count: Int, _ alignment: Int
  ) throws(GGUFError) -> [GGUFTensorInfo] {
    var tensors: [GGUFTensorInfo] = []
    tensors.reserveCapacity(count)
    var names: Set<String> = []
    names.reserveCapacity(count)
    var expected = 0
    for _ in 0..<count {
      let start = cursor.offset
      let tensor = try tensor(expected)
      guard names.insert(tensor.name).inserted else {
        throw .duplicateTensor(tensor.name, offset: start)
      }
      expected = try GGUFRules.end(of: tensor.name, at: expected, tensor.byteCount, alignment)
      tensors.append(tensor)
    }
    return tensors
  }

  private mutating func tensor(_ expected: Int) throws(GGUFError) -> GGUFTensorInfo {
    let name = try name("a tensor's name")
    func what() -> String { "the entry of tensor \"\(name)\"" }
    let rank = try cursor.integer(what(), as: UInt32.self)
    guard rank <= GGUFTensorInfo.maximumRank else {
      throw .tooManyDimensions(tensor: name, found: UInt64(rank))
    }
    var extents: [UInt64] = []
    extents.reserveCapacity(Int(rank))
    for _ in 0..<rank { extents.append(try cursor.integer(what())) }
    let id = try cursor.integer(what(), as: UInt32.self)
    guard let type = GGMLType(rawValue: id) else { throw .unknownType(tensor: name, id: id) }
    let size = try GGUFRules.byteCount(name, extents, type)
    let offset = try cursor.integer(what(), as: UInt64.self)
    guard offset == UInt64(expected) else {
      throw .invalidOffset(tensor: name, found: offset, expected: expected)
    }
    return GGUFTensorInfo(
      name: name, extents: extents, type: type, offset: expected, byteCount: size)
  }

  /// Every tensor's bytes must be there; the padding behind the last one may be missing, and other
  /// bytes may follow, as for llama.cpp.
  private func checkData(_ header: GGUFHeader) throws(GGUFError) {
    guard let last = header.tensors.last else { return }
    let (end, overflow) = header.dataStart.addingReportingOverflow(last.offset + last.byteCount)
    guard !overflow else { throw .dataOverflow(tensor: last.name) }
    guard end <= source.size else {
      let cut = header.tensors.first {
        header.dataStart + $0.offset + $0.byteCount > source.size
      }
      throw .incompleteData(tensor: cut?.name ?? last.name, end: end, fileSize: source.size)
    }
  }
}
