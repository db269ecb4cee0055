// The format of a file, told from its first bytes.

/// What the first 16 bytes of a file say it is.
enum FileSignature: Sendable, Equatable {
  case safetensors
  case tiepack
  /// A GGUF file, in either byte order.
  case gguf
  /// A JSON text: an index, presumably.
  case json
  /// A known format that this version does not read.
  case unsupported(String)

  /// Anything unknown counts as safetensors, whose reader then says what is wrong with it.
  init(_ start: [UInt8]) {
    func begins(_ magic: [UInt8]) -> Bool { start.starts(with: magic) }
    if begins(ContainerFormat.magic) {
      self = .tiepack
    } else if begins(GGUFHeader.magic) {
      self = .gguf
    } else if begins([0x50, 0x4B, 0x03, 0x04]) {
      self = .unsupported("PyTorch (zip)")
    } else if begins([0x80, 0x02]) && !Self.isFraming(start) {
      self = .unsupported("PyTorch (pickle)")
    } else if Self.isJSON(start) && !Self.isFraming(start) {
      self = .json
    } else {
      self = .safetensors
    }
  }

  /// Whether the bytes begin as a safetensors file does: a plausible length, then an object.
  private static func isFraming(_ start: [UInt8]) -> Bool {
    guard start.count > 8 else { return false }
    let length = start[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length <= UInt64(SafetensorsHeader.maximumLength) && isJSON(Array(start[8...]))
  }

  private static func isJSON(_ bytes: [UInt8]) -> Bool {
    bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }
}
