// Metadata and tensor infos as bytes.

/// Appends GGUF values to a run of bytes.
struct GGUFEncoder {
  private(set) var bytes: [UInt8] = []
  let order: GGUFByteOrder

  init(order: GGUFByteOrder = .little) { self.order = order }

  mutating func append(_ value: some FixedWidthInteger) {
    let stored = order == .little ? value.littleEndian : value.bigEndian
    unsafe withUnsafeBytes(of: stored) { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func append(bytes: some Collection<UInt8>) { self.bytes.append(contentsOf: bytes) }

  mutating func append(text: some Collection<UInt8>) {
    append(UInt64(text.count))
    bytes.append(contentsOf: text)
  }

  /// Fills up with zeros to a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    let rest = alignment > 0 ? bytes.count % alignment : 0
    if rest > 0 { bytes.append(contentsOf: repeatElement(0, count: alignment - rest)) }
  }

  mutating func append(key: String, _ value: GGUFValue) {
    append(text: key.utf8)
    append(value.type.rawValue)
    append(value)
  }

  mutating func append(_ tensor: GGUFTensorInfo) {
    append(text: tensor.name.utf8)
    append(UInt32(tensor.extents.count))
    for extent in tensor.extents { append(extent) }
    append(tensor.type.rawValue)
    append(UInt64(tensor.offset))
  }

  private mutating func append(_ value: GGUFValue) {
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(value)
    case .uint16(let value): append(value)
    case .int16(let value): append(value)
    case .uint32(let value): append(value)
    case .int32(let value): append(value)
    case .uint64(let value): append(value)
    case .int64(let value): append(value)
    case .float32(let value): append(value.bitPattern)
    case .float64(let value): append(value.bitPattern)
    case .bool(let value): append(UInt8(value ? 1 : 0))
    case .string(let value): append(text: value.utf8)
    case .malformedString(let value): append(text: value)
    case .array(let values):
      append(values.elementType.rawValue)
      append(UInt64(values.count))
      append(values)
    }
  }

  private mutating func append(_ array: GGUFArray) {
    switch array {
    case .uint8(let values): bytes += values
    case .int8(let values): for value in values { append(value) }
    case .uint16(let values): for value in values { append(value) }
    case .int16(let values): for value in values { append(value) }
    case .uint32(let values): for value in values { append(value) }
    case .int32(let values): for value in values { append(value) }
    case .uint64(let values): for value in values { append(value) }
    case .int64(let values): for value in values { append(value) }
    case .float32(let values): for value in values { append(value.bitPattern) }
    case .float64(let values): for value in values { append(value.bitPattern) }
    case .bool(let values): for value in values { append(UInt8(value ? 1 : 0)) }
    case .string(let values): for place in values.indices { append(text: values.utf8(at: place)) }
    }
  }
}
