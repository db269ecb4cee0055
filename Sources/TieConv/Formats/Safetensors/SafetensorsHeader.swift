// The validated header of a safetensors file.
//
// Layout: u64 N, N bytes of JSON, data to the end of the file; offsets count from byte 8 + N.

/// All that the header of a safetensors file says, after every rule was checked.
public struct SafetensorsHeader: Sendable {
  /// The longest header that the reference reader and writer allow.
  public static let maximumLength = 100_000_000

  /// The tensors, in the order of their bytes.
  public let tensors: [TensorInfo]
  /// The strings under `__metadata__`, in order; nil where there is none.
  public let metadata: [(key: String, value: String)]?
  /// The length of the JSON text, padding included.
  public let length: Int

  /// Where the data section starts within the file.
  public var dataStart: Int { 8 + length }
  /// The size of the data section in bytes.
  public var dataCount: Int { tensors.last?.dataOffsets.upperBound ?? 0 }
}

extension SafetensorsHeader {
  /// Checks the eight bytes of the length against the file's size.
  static func validatedLength(
    _ prefix: [UInt8], fileSize: Int
  ) throws(SafetensorsError) -> Int {
    guard fileSize >= 8, prefix.count == 8 else { throw .headerTooSmall(fileSize: fileSize) }
    let declared = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard declared <= maximumLength else { throw .headerTooLarge(declared: declared) }
    guard Int(declared) <= fileSize - 8 else {
      throw .invalidHeaderLength(declared: declared, fileSize: fileSize)
    }
    return Int(declared)
  }

  /// Reads the JSON text `bytes` of a file of `fileSize` bytes, and checks every rule of the
  /// reference reader, in its order.
  init(json bytes: [UInt8], fileSize: Int) throws(SafetensorsError) {
    var parser = SafetensorsHeaderParser(bytes)
    try parser.parse()
    tensors = try Self.validated(parser.entries)
    metadata = parser.metadata
    length = bytes.count
    let found = fileSize - 8 - bytes.count
    guard dataCount == found else {
      throw .incompleteBuffer(declared: UInt64(dataCount), found: found)
    }
  }

  /// Contiguous from 0, no overlap, no hole, and each size what shape and dtype say.
  private static func validated(
    _ entries: [SafetensorsEntry]
  ) throws(SafetensorsError) -> [TensorInfo] {
    var tensors: [TensorInfo] = []
    tensors.reserveCapacity(entries.count)
    var place: UInt64 = 0
    for entry in entries.inDataOrder() {
      guard entry.begin == place, entry.end >= entry.begin else {
        throw .invalidOffset(
          tensor: entry.name, begin: entry.begin, end: entry.end, expected: place)
      }
      let size = try entry.byteCount()
      guard entry.end - entry.begin == size else {
        throw .tensorSizeMismatch(
          tensor: entry.name, declared: entry.end - entry.begin, computed: size)
      }
      // Bits fit 64 bits, so bytes fit Int.
      let range = Int(entry.begin)..<Int(entry.end)
      tensors.append(
        TensorInfo(name: entry.name, dtype: entry.dtype, shape: entry.shape, dataOffsets: range))
      place = entry.end
    }
    return tensors
  }
}

/// One tensor as the header spells it, before the layout rules are checked.
struct SafetensorsEntry: Sendable {
  let name: String
  let dtype: DType
  let shape: Shape
  let begin: UInt64
  let end: UInt64

  /// The size that shape and dtype give.
  func byteCount() throws(SafetensorsError) -> UInt64 {
    guard let count = shape.elementCount,
      case let (bits, overflow) = count.multipliedReportingOverflow(by: UInt64(dtype.bitWidth)),
      !overflow
    else { throw .shapeOverflow(tensor: name, shape: shape, dtype: dtype) }
    guard bits % 8 == 0 else { throw .misalignedSlice(tensor: name, shape: shape, dtype: dtype) }
    return bits / 8
  }
}

extension [SafetensorsEntry] {
  /// Sorted by begin, then end; most writers store them so, which costs one look.
  fileprivate func inDataOrder() -> [SafetensorsEntry] {
    let isSorted = zip(self, dropFirst()).allSatisfy { ($0.begin, $0.end) <= ($1.begin, $1.end) }
    return isSorted ? self : sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
  }
}
