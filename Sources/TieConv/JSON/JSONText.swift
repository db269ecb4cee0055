// Writing JSON: the values that reports and receipts are made of.

/// A JSON value to be written; objects keep the order in which they were built.
public indirect enum JSONText: Sendable, Equatable, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)
  case array([JSONText])
  case object([(String, JSONText)])

  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A number.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// Null.
  public init(nilLiteral: ()) { self = .null }
  /// An array.
  public init(arrayLiteral elements: JSONText...) { self = .array(elements) }
  /// An object.
  public init(dictionaryLiteral elements: (String, JSONText)...) { self = .object(elements) }

  /// `value`, or null.
  public static func optional(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }
  /// `value`, or null.
  public static func optional(_ value: Int?) -> JSONText { value.map { .integer($0) } ?? .null }
  /// `value`, or null.
  public static func optional(_ value: Bool?) -> JSONText { value.map { .bool($0) } ?? .null }
  /// `value`, or null; a number that JSON has no word for becomes a string.
  public static func optional(_ value: Double?) -> JSONText { value.map { .double($0) } ?? .null }

  /// Whether both are spelled alike.
  public static func == (one: JSONText, other: JSONText) -> Bool {
    one.spelled(indent: nil) == other.spelled(indent: nil)
  }

  /// The text, with two spaces a level and a final newline, as Python's `indent=2` writes it.
  public var pretty: String { spelled(indent: 0) + "\n" }

  /// The text on one line.
  public var compact: String { spelled(indent: nil) }

  private func spelled(indent: Int?) -> String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let number): String(number)
    case .double(let number): number.isFinite ? "\(number)" : Self.quoted("\(number)")
    case .string(let text): Self.quoted(text)
    case .array(let elements):
      Self.bracketed("[", "]", elements.map { ($0.spelled(indent: indent.map { $0 + 1 })) }, indent)
    case .object(let members):
      Self.bracketed(
        "{", "}",
        members.map { key, value in
          Self.quoted(key) + (indent == nil ? ":" : ": ")
            + value.spelled(indent: indent.map { $0 + 1 })
        }, indent)
    }
  }

  private static func bracketed(
    _ open: String, _ close: String, _ parts: [String], _ indent: Int?
  ) -> String {
    guard !parts.isEmpty else { return open + close }
    guard let indent else { return open + parts.joined(separator: ",") + close }
    let inner = "\n" + String(repeating: "  ", count: indent + 1)
    let outer = "\n" + String(repeating: "  ", count: indent)
    return open + inner + parts.joined(separator: "," + inner) + outer + close
  }

  /// `text` as a JSON string. Control characters, and marks that reorder text on a screen, are
  /// escaped, so that a name out of a hostile file cannot act on a terminal.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _
      where scalar.properties.generalCategory == .control
        || scalar.properties.generalCategory == .format:
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
