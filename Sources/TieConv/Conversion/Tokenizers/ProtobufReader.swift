// The wire format of protobuf: tag, then varint, 8 bytes, a length with bytes, or 4 bytes.

/// What is wrong with a message, and where.
struct ProtobufFault: Error, Equatable {
  let offset: Int
  let message: String
}

/// Reads the fields of one message front to back.
struct ProtobufReader {
  /// The value of a field, as the wire tells it.
  enum Value: Equatable {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  private let bytes: ArraySlice<UInt8>
  private var place: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    place = bytes.startIndex
  }

  /// The next field; nil at the end.
  mutating func next() throws(ProtobufFault) -> (number: UInt64, value: Value)? {
    guard place < bytes.endIndex else { return nil }
    let tag = try varint()
    let number = tag >> 3
    guard number > 0 else { throw fault("a field without a number") }
    switch tag & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try fixed(8)))
    case 2:
      let count = try varint()
      guard count <= UInt64(bytes.endIndex - place) else { throw fault("it ends within a field") }
      let start = place
      place += Int(count)
      return (number, .bytes(bytes[start..<place]))
    case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw fault("an unknown kind of field")
    }
  }

  private mutating func varint() throws(ProtobufFault) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard place < bytes.endIndex else { throw fault("it ends within a number") }
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw fault("a number of more than 64 bits")
  }

  private mutating func fixed(_ count: Int) throws(ProtobufFault) -> UInt64 {
    guard bytes.endIndex - place >= count else { throw fault("it ends within a number") }
    defer { place += count }
    return bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func fault(_ message: String) -> ProtobufFault {
    ProtobufFault(offset: place, message: message)
  }
}
