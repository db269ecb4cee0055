// A JSON text as a tree that remembers where each value stands, so that one can be edited in place.

/// One JSON value and the byte range of its spelling.
public struct JSONNode: Sendable, Equatable {
  /// A JSON value. Numbers keep their spelling, objects the order of their keys.
  public enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONNode])
    case object([JSONMember])
  }

  /// The value.
  public let value: Value
  /// Where the value's spelling stands in the text.
  public let range: Range<Int>

  /// The value of the member `key` of an object; nil for anything else.
  public subscript(key: String) -> JSONNode? {
    members?.first { $0.key == key }?.node
  }

  /// The node that `path` leads to through nested objects.
  public subscript(path path: [String]) -> JSONNode? {
    var node = self
    for key in path {
      guard let next = node[key] else { return nil }
      node = next
    }
    return node
  }

  /// The members of an object, in order; nil for anything else.
  public var members: [JSONMember]? {
    if case .object(let members) = value { members } else { nil }
  }

  /// The elements of an array; nil for anything else.
  public var elements: [JSONNode]? {
    if case .array(let elements) = value { elements } else { nil }
  }

  /// The text of a string; nil for anything else.
  public var string: String? {
    if case .string(let text) = value { text } else { nil }
  }

  /// The value of a boolean; nil for anything else.
  public var bool: Bool? {
    if case .bool(let flag) = value { flag } else { nil }
  }

  /// A number that is an integer within the range of `Int`; nil for anything else.
  public var integer: Int? {
    if case .number(let text) = value { Int(text) } else { nil }
  }

  /// A number as a double; nil for anything else.
  public var double: Double? {
    if case .number(let text) = value { Double(text) } else { nil }
  }
}

/// A key of an object with its value.
public struct JSONMember: Sendable, Equatable {
  /// The key, unescaped.
  public let key: String
  /// Where the key's spelling stands in the text, quotes included.
  public let keyRange: Range<Int>
  /// The value.
  public let node: JSONNode
}

extension JSONNode {
  /// Reads a whole text.
  ///
  /// - Parameters:
  ///   - bytes: the text, UTF-8.
  ///   - allowsNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers: Python writes
  ///     them into configs, though JSON has no such words.
  /// - Returns: the text's value.
  /// - Throws: `JSONSyntaxError` where the text breaks the grammar, or a limit of this reader.
  public static func parse(
    _ bytes: [UInt8], allowsNonFinite: Bool = false
  ) throws(JSONSyntaxError) -> JSONNode {
    if let offset = bytes.firstInvalidUTF8() {
      throw JSONSyntaxError(kind: .encoding, offset: offset, message: "not UTF-8")
    }
    var scanner = JSONScanner(bytes)
    let node = try scanner.node(depth: 0, allowsNonFinite: allowsNonFinite)
    try scanner.expectEnd()
    return node
  }
}

extension JSONScanner {
  /// The next value with all that is in it.
  package mutating func node(
    depth: Int, allowsNonFinite: Bool = false
  ) throws(JSONSyntaxError) -> JSONNode {
    guard let first = peek() else { throw fault("expected a value") }
    guard depth < Self.maximumDepth else {
      throw JSONSyntaxError(kind: .depth, offset: offset, message: "nested too deep")
    }
    guard nodesLeft > 0 else { throw fault("more values than a text of this size may hold") }
    nodesLeft -= 1
    let start = offset
    let value: JSONNode.Value
    switch first {
    case UInt8(ascii: "{"): value = .object(try members(depth, allowsNonFinite))
    case UInt8(ascii: "["): value = .array(try elements(depth, allowsNonFinite))
    case UInt8(ascii: "\""): value = .string(try string())
    default: value = try scalar(allowsNonFinite)
    }
    return JSONNode(value: value, range: start..<offset)
  }

  private mutating func members(
    _ depth: Int, _ allowsNonFinite: Bool
  ) throws(JSONSyntaxError) -> [JSONMember] {
    var members: [JSONMember] = []
    var object = try beginObject()
    while let (key, range) = try nextKey(of: &object) {
      let node = try node(depth: depth + 1, allowsNonFinite: allowsNonFinite)
      members.append(JSONMember(key: key, keyRange: range, node: node))
    }
    return members
  }

  private mutating func elements(
    _ depth: Int, _ allowsNonFinite: Bool
  ) throws(JSONSyntaxError) -> [JSONNode] {
    var elements: [JSONNode] = []
    try expect("[")
    if accept("]") { return elements }
    repeat {
      elements.append(try node(depth: depth + 1, allowsNonFinite: allowsNonFinite))
    } while accept(",")
    try expect("]")
    return elements
  }

  private mutating func scalar(_ allowsNonFinite: Bool) throws(JSONSyntaxError) -> JSONNode.Value {
    if acceptWord("true") { return .bool(true) }
    if acceptWord("false") { return .bool(false) }
    if acceptWord("null") { return .null }
    if allowsNonFinite {
      for (word, text) in [("NaN", "nan"), ("Infinity", "inf"), ("-Infinity", "-inf")]
      where acceptWord(word) { return .number(text) }
    }
    return .number(String(try number()))
  }

  /// Skips the next value, whatever it is; nothing of it is kept.
  mutating func skipValue(depth: Int) throws(JSONSyntaxError) {
    guard let first = peek() else { throw fault("expected a value") }
    guard depth < Self.maximumDepth else {
      throw JSONSyntaxError(kind: .depth, offset: offset, message: "nested too deep")
    }
    switch first {
    case UInt8(ascii: "{"):
      var object = try beginObject()
      while try nextKey(of: &object) != nil { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try expect("[")
      if accept("]") { return }
      repeat { try skipValue(depth: depth + 1) } while accept(",")
      try expect("]")
    case UInt8(ascii: "\""): _ = try string()
    default: _ = try scalar(false)
    }
  }
}

extension [UInt8] {
  /// The offset of the first byte that breaks UTF-8; nil where all is well.
  package func firstInvalidUTF8() -> Int? {
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: span)
      return nil
    } catch {
      return error.byteOffsets.lowerBound
    }
  }
}
