// One metadata value of a GGUF file, in exactly the type that the file stores.

/// A metadata value.
public enum GGUFValue: Sendable, Equatable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  /// A string whose bytes are not UTF-8, kept as they are.
  case malformedString([UInt8])
  case array(GGUFArray)
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)

  /// The stored type.
  public var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string, .malformedString: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// An integer in the stored type `type`; nil where that is none of integers, or does not hold it.
  init?(_ number: Int, as type: GGUFValueType) {
    let value: GGUFValue? =
      switch type {
      case .uint8: UInt8(exactly: number).map { .uint8($0) }
      case .int8: Int8(exactly: number).map { .int8($0) }
      case .uint16: UInt16(exactly: number).map { .uint16($0) }
      case .int16: Int16(exactly: number).map { .int16($0) }
      case .uint32: UInt32(exactly: number).map { .uint32($0) }
      case .int32: Int32(exactly: number).map { .int32($0) }
      case .uint64: UInt64(exactly: number).map { .uint64($0) }
      case .int64: .int64(Int64(number))
      default: nil
      }
    guard let value else { return nil }
    self = value
  }

  /// The value as an integer; nil where it is none, or beyond `Int`.
  public var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// The value as a floating-point number; integers count as such.
  public var double: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: integer.map(Double.init)
    }
  }

  /// The value of a string.
  public var text: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The value of a boolean.
  public var boolean: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The elements of an array of strings.
  public var strings: GGUFStrings? {
    if case .array(.string(let values)) = self { values } else { nil }
  }

  /// The elements of an array of integers.
  public var integers: [Int]? {
    if case .array(let values) = self { values.integers } else { nil }
  }
}
