// One pass over JSON bytes, token by token, with no tree: headers may hold a million tensors.
//
// The grammar is RFC 8259. Foundation's readers disagree with each other on duplicate keys and lose
// number spelling, which a tool that edits one value of a file must not.

/// Reads tokens off a JSON text from front to back.
package struct JSONScanner {
  /// serde_json, which the reference safetensors reader uses, stops at this depth too.
  static let maximumDepth = 127

  let bytes: [UInt8]
  private(set) var offset: Int
  private let end: Int
  /// How many nodes a tree may still get. One takes forty bytes and its spelling may take two, so
  /// that a large text of nothing but short values would fill the memory many times its size.
  var nodesLeft: Int

  /// A scanner over `range` of `bytes`, which must be valid UTF-8 there.
  package init(_ bytes: [UInt8], range: Range<Int>? = nil) {
    self.bytes = bytes
    offset = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
    nodesLeft = 1 << 20 + bytes.count / 8
  }

  /// The next byte that is not white space, without consuming it; nil at the end.
  package mutating func peek() -> UInt8? {
    while offset < end {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return bytes[offset]
      }
    }
    return nil
  }

  /// Consumes `character`, after white space.
  package mutating func expect(_ character: Character) throws(JSONSyntaxError) {
    guard let code = character.asciiValue, peek() == code else {
      throw fault("expected \"\(character)\"")
    }
    offset += 1
  }

  /// Consumes `character` where it is next; says whether it was.
  package mutating func accept(_ character: Character) -> Bool {
    guard let code = character.asciiValue, peek() == code else { return false }
    offset += 1
    return true
  }

  /// Checks that nothing but white space is left.
  package mutating func expectEnd() throws(JSONSyntaxError) {
    if peek() != nil { throw fault("text after the end of the value") }
  }

  /// Enters an object; ``nextKey(of:)`` then gives its keys.
  package mutating func beginObject() throws(JSONSyntaxError) -> JSONObjectCursor {
    try expect("{")
    return JSONObjectCursor()
  }

  /// The next key of the object and the byte range of its spelling; nil after the last, with the
  /// object consumed. The caller consumes the key's value before it asks again.
  ///
  /// - Throws: `duplicateKey` where a key, unescaped, comes twice.
  package mutating func nextKey(
    of object: inout JSONObjectCursor
  ) throws(JSONSyntaxError) -> (key: String, range: Range<Int>)? {
    if object.isFirst ? accept("}") : !accept(",") {
      if !object.isFirst { try expect("}") }
      return nil
    }
    object.isFirst = false
    guard peek() == UInt8(ascii: "\"") else { throw fault("expected a key") }
    let start = offset
    let key = try string()
    let range = start..<offset
    guard object.insert(key) else {
      throw JSONSyntaxError(
        kind: .duplicateKey(key), offset: start, message: "the key \"\(key)\" comes twice")
    }
    try expect(":")
    return (key, range)
  }

  /// The next string, unescaped.
  package mutating func string() throws(JSONSyntaxError) -> String {
    try expect("\"")
    let start = offset
    while offset < end {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        offset += 1
        return text
      case UInt8(ascii: "\\"):
        var text = Array(bytes[start..<offset])
        try appendEscaped(to: &text)
        return String(decoding: text, as: UTF8.self)
      case 0..<0x20: throw fault("a control character inside a string")
      default: offset += 1
      }
    }
    throw fault("a string without an end")
  }

  /// Appends the bytes of the next string, unescaped, to `text`.
  package mutating func appendString(to text: inout [UInt8]) throws(JSONSyntaxError) {
    try expect("\"")
    let start = offset
    while offset < end {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        text.append(contentsOf: bytes[start..<offset])
        offset += 1
        return
      case UInt8(ascii: "\\"):
        text.append(contentsOf: bytes[start..<offset])
        return try appendEscaped(to: &text)
      case 0..<0x20: throw fault("a control character inside a string")
      default: offset += 1
      }
    }
    throw fault("a string without an end")
  }

  /// The next number's own spelling.
  package mutating func number() throws(JSONSyntaxError) -> Substring {
    _ = peek()
    let start = offset
    _ = acceptByte(UInt8(ascii: "-"))
    if !acceptByte(UInt8(ascii: "0")) { try digits() }
    if acceptByte(UInt8(ascii: ".")) { try digits() }
    if acceptByte(UInt8(ascii: "e")) || acceptByte(UInt8(ascii: "E")) {
      if !acceptByte(UInt8(ascii: "+")) { _ = acceptByte(UInt8(ascii: "-")) }
      try digits()
    }
    return Substring(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// The next value as a natural number written without sign, fraction, exponent or leading zero;
  /// nil, with nothing consumed but white space, where it is anything else.
  package mutating func natural() -> UInt64? {
    _ = peek()
    let start = offset
    var value: UInt64 = 0
    while offset < end, case let digit = bytes[offset] &- UInt8(ascii: "0"), digit < 10 {
      let (product, high) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if high || carry { offset = start; return nil }
      value = sum
      offset += 1
    }
    let length = offset - start
    let isPlain = length > 0 && (length == 1 || bytes[start] != UInt8(ascii: "0"))
    if isPlain, offset == end || !Self.continuesNumber(bytes[offset]) { return value }
    offset = start
    return nil
  }

  /// Passes over the next value by its brackets and quotes alone. What is in it is not checked:
  /// for files that explain something and decide nothing.
  package mutating func passOverValue() throws(JSONSyntaxError) {
    guard let first = peek() else { throw fault("expected a value") }
    var depth = 0
    repeat {
      guard offset < end else { throw fault("a value without an end") }
      switch bytes[offset] {
      case UInt8(ascii: "\""): try passOverString()
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        offset += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        offset += 1
      default: offset += 1
      }
    } while depth > 0
    let isScalar = ![UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first)
    while isScalar, offset < end, !Self.endsScalar(bytes[offset]) { offset += 1 }
  }

  private mutating func passOverString() throws(JSONSyntaxError) {
    offset += 1
    while offset < end {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return
      case UInt8(ascii: "\\"): offset += 2
      default: offset += 1
      }
    }
    throw fault("a string without an end")
  }

  private static func endsScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), 0x20, 0x09, 0x0A, 0x0D: true
    default: false
    }
  }

  /// Consumes the literal `word` where it is next; says whether it was.
  mutating func acceptWord(_ word: String) -> Bool {
    _ = peek()
    let length = word.utf8.count
    guard offset + length <= end else { return false }
    guard word.utf8.elementsEqual(bytes[offset..<offset + length]) else { return false }
    offset += length
    return true
  }

  /// A syntax error here.
  package func fault(_ message: String) -> JSONSyntaxError {
    JSONSyntaxError(kind: .syntax, offset: offset, message: message)
  }

  private static func continuesNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"): true
    default: false
    }
  }

  private mutating func acceptByte(_ byte: UInt8) -> Bool {
    guard offset < end, bytes[offset] == byte else { return false }
    offset += 1
    return true
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = offset
    while offset < end, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    if offset == start { throw fault("expected a digit") }
  }
}

extension JSONScanner {
  /// Appends the rest of a string, from its first escape on.
  private mutating func appendEscaped(to text: inout [UInt8]) throws(JSONSyntaxError) {
    while offset < end {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""): return
      case UInt8(ascii: "\\"): try appendEscape(to: &text)
      case 0..<0x20: throw fault("a control character inside a string")
      default: text.append(byte)
      }
    }
    throw fault("a string without an end")
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws(JSONSyntaxError) {
    guard offset < end else { throw fault("a string without an end") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: try unicodeEscape().utf8)
    default: throw fault("an unknown escape in a string")
    }
  }

  private mutating func unicodeEscape() throws(JSONSyntaxError) -> String {
    var code = try fourHexDigits()
    if (0xD800..<0xDC00).contains(code) {
      guard acceptByte(UInt8(ascii: "\\")), acceptByte(UInt8(ascii: "u")) else {
        throw fault("half a surrogate pair")
      }
      let low = try fourHexDigits()
      guard (0xDC00..<0xE000).contains(low) else { throw fault("half a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair") }
    return String(scalar)
  }

  private mutating func fourHexDigits() throws(JSONSyntaxError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard offset < end, let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue else {
        throw fault("expected four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }
}

/// Where a scanner is within one object: the keys so far, to find one that comes twice.
///
/// Keys compare as Swift strings do, so two spellings of one character (é composed or not) are one
/// key: such a file is refused rather than read in a way that another reader would not share.
package struct JSONObjectCursor {
  fileprivate var isFirst = true
  private var few: [String] = []
  private var many: Set<String> = []

  /// Small objects are searched, large ones hashed.
  fileprivate mutating func insert(_ key: String) -> Bool {
    if !many.isEmpty { return many.insert(key).inserted }
    if few.contains(key) { return false }
    few.append(key)
    if few.count > 16 { many = Set(few) }
    return true
  }
}
