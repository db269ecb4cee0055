// The header of a .npy file (NumPy's format, versions 1.0 to 3.0), read strictly.

/// Why a .npy file is refused.
struct NumPyError: Error {
  let message: String
  let offset: Int
}

/// What the header of a one-dimensional array of ids says.
struct NumPyHeader: Equatable {
  /// Types of ids.
  enum Element: String {
    case uint16 = "<u2"
    case uint32 = "<u4"
    case int32 = "<i4"
    case int64 = "<i8"

    var width: Int {
      switch self {
      case .uint16: 2
      case .uint32, .int32: 4
      case .int64: 8
      }
    }

    /// The number that `bits` stand for.
    func described(_ bits: UInt64) -> String {
      switch self {
      case .uint16, .uint32: "\(bits)"
      case .int32: "\(Int32(truncatingIfNeeded: bits))"
      case .int64: "\(Int64(bitPattern: bits))"
      }
    }
  }

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Real headers take 128 bytes.
  private static let maximumLength = 64 << 10

  let element: Element
  let dataStart: Int

  /// Reads the header of `bytes`, which must hold the whole array and nothing behind it.
  init(_ bytes: [UInt8]) throws(NumPyError) {
    guard bytes.count >= 10, bytes.starts(with: Self.magic) else {
      throw NumPyError(message: "the file ends within its header", offset: bytes.count)
    }
    let isFirst = bytes[6] == 1
    guard (1...3).contains(bytes[6]), bytes[7] == 0, isFirst || bytes.count >= 12 else {
      throw NumPyError(message: "an unknown version of the format", offset: 6)
    }
    let lengthBytes = isFirst ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    dataStart = 8 + lengthBytes + length
    guard length <= Self.maximumLength, dataStart <= bytes.count else {
      throw NumPyError(message: "a header longer than the file", offset: 8)
    }
    var words = PythonWords(bytes[(8 + lengthBytes)..<dataStart])
    let count: Int
    (element, count) = try Self.dictionary(&words)
    let (size, overflow) = count.multipliedReportingOverflow(by: element.width)
    guard !overflow, size == bytes.count - dataStart else {
      throw NumPyError(
        message: "\(bytes.count - dataStart) bytes of data for \(count) ids of \(element.width)",
        offset: dataStart)
    }
  }

  private static func dictionary(
    _ words: inout PythonWords
  ) throws(NumPyError) -> (Element, Int) {
    var element: Element?
    var count: Int?
    var order: Bool?
    try words.expect("{")
    while !words.accept("}") {
      let key = try words.quoted()
      try words.expect(":")
      switch key {
      case "descr" where element == nil:
        let name = try words.quoted()
        element = Element(rawValue: name)
        if element == nil {
          throw NumPyError(
            message: "elements of type \"\(name)\"; ids are uint16, uint32, int32 or int64",
            offset: words.offset)
        }
      case "fortran_order" where order == nil: order = try words.truth()
      case "shape" where count == nil:
        try words.expect("(")
        count = try words.number()
        try words.expect(",")
        guard words.accept(")") else {
          throw NumPyError(message: "an array of more than one dimension", offset: words.offset)
        }
      default: throw NumPyError(message: "the header's key \"\(key)\"", offset: words.offset)
      }
      if words.accept("}") { break }
      try words.expect(",")
    }
    try words.expectEnd()
    guard let element, let count, order != nil else {
      throw NumPyError(message: "a header without all of its keys", offset: words.offset)
    }
    return (element, count)
  }
}

/// Tokens of the Python literal that a header is.
private struct PythonWords {
  private let bytes: ArraySlice<UInt8>
  private(set) var offset: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    offset = bytes.startIndex
  }

  private mutating func skipSpace() {
    while offset < bytes.endIndex, bytes[offset] == 0x20 || bytes[offset] == 0x0A { offset += 1 }
  }

  mutating func accept(_ word: String) -> Bool {
    skipSpace()
    guard bytes[offset...].starts(with: word.utf8) else { return false }
    offset += word.utf8.count
    return true
  }

  mutating func expect(_ word: String) throws(NumPyError) {
    guard accept(word) else {
      throw NumPyError(message: "expected \"\(word)\" in the header", offset: offset)
    }
  }

  mutating func expectEnd() throws(NumPyError) {
    skipSpace()
    guard offset == bytes.endIndex else {
      throw NumPyError(message: "text behind the header's end", offset: offset)
    }
  }

  mutating func quoted() throws(NumPyError) -> String {
    let quote: UInt8 = accept("'") ? 0x27 : 0x22
    if quote == 0x22 { try expect("\"") }
    let start = offset
    while offset < bytes.endIndex, bytes[offset] != quote, offset - start < 64 { offset += 1 }
    guard offset < bytes.endIndex, bytes[offset] == quote else {
      throw NumPyError(message: "a text without its end in the header", offset: start)
    }
    offset += 1
    return String(decoding: bytes[start..<offset - 1], as: UTF8.self)
  }

  mutating func truth() throws(NumPyError) -> Bool {
    if accept("True") { return true }
    try expect("False")
    return false
  }

  mutating func number() throws(NumPyError) -> Int {
    skipSpace()
    let start = offset
    while offset < bytes.endIndex, (0x30...0x39).contains(bytes[offset]) { offset += 1 }
    guard let number = Int(String(decoding: bytes[start..<offset], as: UTF8.self)) else {
      throw NumPyError(message: "expected a number in the header", offset: start)
    }
    return number
  }
}
