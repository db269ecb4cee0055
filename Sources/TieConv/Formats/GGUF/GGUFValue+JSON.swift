// Metadata values as JSON, for records: with their types, so that they come back as they were.

extension GGUFValue {
  /// The most elements of an array, and bytes of a text, that are spelled out: what is longer is a
  /// vocabulary.
  private static let maximumCount = 1024
  private static let maximumText = 1 << 20

  /// The type, `uint32` or `string[]`, and the value; nil where JSON cannot say it, or it is long.
  var json: (type: String, value: JSONText)? {
    if case .array(let array) = self {
      guard array.count <= Self.maximumCount, let values = Self.json(of: array) else { return nil }
      return ("\(array.elementType)[]", .array(values))
    }
    return scalar.map { ("\(type)", $0) }
  }

  private var scalar: JSONText? {
    // A bare nil would be JSON's null.
    let none = JSONText?.none
    return switch self {
    case .float32(let value): value.isFinite ? .double(Double(value)) : none
    case .float64(let value): value.isFinite ? .double(value) : none
    case .bool(let value): .bool(value)
    case .string(let value): value.utf8.count <= Self.maximumText ? .string(value) : none
    default: integer.map { .integer($0) }
    }
  }

  /// The elements; nil for those types that no known key has arrays of.
  private static func json(of array: GGUFArray) -> [JSONText]? {
    switch array {
    case .string(let values):
      values.indices.allSatisfy { values.utf8(at: $0).elementsEqual(values[$0].utf8) }
        ? values.map { .string($0) } : nil
    case .bool(let values): values.map { .bool($0) }
    case .float32(let values):
      values.allSatisfy(\.isFinite) ? values.map { .double(Double($0)) } : nil
    case .int32(let values): values.map { .integer(Int($0)) }
    case .uint32(let values): values.map { .integer(Int($0)) }
    default: nil
    }
  }

  /// The value of `type` that `node` spells; nil where it spells none.
  init?(type: String, json node: JSONNode) {
    let value: GGUFValue?
    if type.hasSuffix("[]") {
      value = GGUFArray(elementType: String(type.dropLast(2)), json: node).map { .array($0) }
    } else if let type = GGUFValueType.allCases.first(where: { "\($0)" == type }) {
      value =
        switch node.value {
        case .number(let text):
          Int(text).flatMap { GGUFValue($0, as: type) }
            ?? Double(text).flatMap { Self.number(type, $0) }
        case .string(let text): type == .string ? .string(text) : nil
        case .bool(let flag): type == .bool ? .bool(flag) : nil
        default: nil
        }
    } else {
      value = nil
    }
    guard let value else { return nil }
    self = value
  }

  private static func number(_ type: GGUFValueType, _ number: Double) -> GGUFValue? {
    switch type {
    case .float32: .float32(Float(number))
    case .float64: .float64(number)
    default: nil
    }
  }
}

extension GGUFArray {
  /// The array that `node` spells; nil where it spells none.
  fileprivate init?(elementType: String, json node: JSONNode) {
    guard let elements = node.elements else { return nil }
    func all<T>(_ read: (JSONNode) -> T?) -> [T]? {
      let values = elements.compactMap(read)
      return values.count == elements.count ? values : nil
    }
    let array: GGUFArray? =
      switch elementType {
      case "string": all(\.string).map { .string(GGUFStrings($0)) }
      case "bool": all(\.bool).map { .bool($0) }
      case "float32": all { $0.double.map { Float($0) } }.map { .float32($0) }
      case "int32": all { $0.integer.flatMap(Int32.init(exactly:)) }.map { .int32($0) }
      case "uint32": all { $0.integer.flatMap(UInt32.init(exactly:)) }.map { .uint32($0) }
      default: nil
      }
    guard let array else { return nil }
    self = array
  }
}
