// From header text to entries: JSON and types are checked here, the layout afterwards.

/// Reads the entries of a header in one pass.
struct SafetensorsHeaderParser {
  private(set) var entries: [SafetensorsEntry] = []
  private(set) var metadata: [(key: String, value: String)]?
  private var scanner: JSONScanner

  init(_ bytes: [UInt8]) {
    scanner = JSONScanner(bytes)
  }

  mutating func parse() throws(SafetensorsError) {
    if let offset = scanner.bytes.firstInvalidUTF8() {
      throw .syntax(JSONSyntaxError(kind: .encoding, offset: offset, message: "not UTF-8"))
    }
    // An entry takes a hundred bytes or so; too small a guess only costs a copy.
    entries.reserveCapacity(scanner.bytes.count / 128)
    do {
      var object = try scanner.beginObject()
      while let (key, _) = try scanner.nextKey(of: &object) {
        if key == "__metadata__" {
          try parseMetadata()
        } else {
          entries.append(try parseEntry(key))
        }
      }
      try scanner.expectEnd()
    } catch let error as JSONSyntaxError {
      throw .syntax(error)
    } catch let error as SafetensorsError {
      throw error
    } catch {
      throw .syntax(scanner.fault("\(error)"))
    }
  }

  private mutating func parseMetadata() throws {
    // mlx writes null.
    if scanner.acceptWord("null") { return }
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw SafetensorsError.invalidMetadata(offset: scanner.offset + 8)
    }
    var pairs: [(key: String, value: String)] = []
    var object = try scanner.beginObject()
    while let key = try nextMetadataKey(of: &object) {
      guard scanner.peek() == UInt8(ascii: "\"") else {
        throw SafetensorsError.invalidMetadata(offset: scanner.offset + 8)
      }
      pairs.append((key, try scanner.string()))
    }
    metadata = pairs
  }

  private mutating func nextMetadataKey(of object: inout JSONObjectCursor) throws -> String? {
    do throws(JSONSyntaxError) {
      return try scanner.nextKey(of: &object)?.key
    } catch {
      guard case .duplicateKey(let key) = error.kind else { throw error }
      throw SafetensorsError.duplicateMetadata(key: key, offset: error.offset + 8)
    }
  }

  private mutating func parseEntry(_ name: String) throws -> SafetensorsEntry {
    guard scanner.peek() == UInt8(ascii: "{") else {
      throw invalid(name, "must be an object with dtype, shape and data_offsets")
    }
    var dtype: DType?
    var shape: Shape?
    var offsets: [UInt64]?
    var object = try scanner.beginObject()
    while let key = try nextField(of: &object, name) {
      switch key {
      case "dtype": dtype = try parseDType(name)
      case "shape": shape = Shape(try parseNaturals(name, "shape"))
      case "data_offsets": offsets = try parseNaturals(name, "data_offsets")
      // Like the reference, unknown fields are let through.
      default: try scanner.skipValue(depth: 2)
      }
    }
    guard let dtype else { throw invalid(name, "dtype is missing") }
    guard let shape else { throw invalid(name, "shape is missing") }
    guard let offsets else { throw invalid(name, "data_offsets is missing") }
    guard offsets.count == 2 else {
      throw invalid(name, "data_offsets must be two numbers (found \(offsets.count))")
    }
    return SafetensorsEntry(
      name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// The next field of a tensor's object. A field that comes twice is this entry's fault, not a
  /// tensor that comes twice.
  private mutating func nextField(
    of object: inout JSONObjectCursor, _ name: String
  ) throws -> String? {
    do throws(JSONSyntaxError) {
      return try scanner.nextKey(of: &object)?.key
    } catch {
      guard case .duplicateKey(let field) = error.kind else { throw error }
      throw invalid(name, "\(field) comes twice")
    }
  }

  private mutating func parseDType(_ name: String) throws -> DType {
    guard scanner.peek() == UInt8(ascii: "\"") else { throw invalid(name, "dtype is not a string") }
    let text = try scanner.string()
    guard let dtype = DType(safetensors: text) else {
      throw SafetensorsError.unknownDType(tensor: name, found: "\"\(text)\"")
    }
    return dtype
  }

  private mutating func parseNaturals(_ name: String, _ field: String) throws -> [UInt64] {
    guard scanner.accept("[") else { throw invalid(name, "\(field) is not an array") }
    var numbers: [UInt64] = []
    if scanner.accept("]") { return numbers }
    repeat {
      guard let number = scanner.natural() else {
        throw invalid(name, "\(field) must hold natural numbers of at most 64 bits")
      }
      numbers.append(number)
    } while scanner.accept(",")
    try scanner.expect("]")
    return numbers
  }

  private func invalid(_ name: String, _ message: String) -> SafetensorsError {
    .invalidTensorEntry(tensor: name, offset: scanner.offset + 8, message: message)
  }
}
