// The format of a file, told from its first bytes.

internal import TieConvIO

/// What the first bytes of a file say it is.
enum FileSignature: Sendable, Equatable {
  case safetensors
  case tiepack
  /// A GGUF file, in either byte order.
  case gguf
  /// What torch.save writes, in either form.
  case pytorch
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
    } else if Self.isFraming(start) {
      self = .safetensors
    } else if begins([0x50, 0x4B, 0x03, 0x04]) || begins(StackedPickles.magic) {
      self = .pytorch
    } else if let other = Self.archive(start) {
      self = .unsupported(other)
    } else if Self.isJSON(start) {
      self = .json
    } else {
      self = .safetensors
    }
  }

  /// What most formats take to tell.
  private static let shortLength = 16
  /// What a tar archive takes, which says what it is after its first file's name.
  private static let longLength = 264

  /// Reads what it takes to tell, and no more: what follows a header may need a base to be decoded.
  init(reading file: any ByteSource) throws(IOFailure) {
    let start = try file.bytes(in: 0..<min(Self.shortLength, file.size))
    let signature = FileSignature(start)
    guard signature == .safetensors, !Self.isFraming(start) else {
      self = signature
      return
    }
    self.init(try file.bytes(in: 0..<min(Self.longLength, file.size)))
  }

  /// What torch once wrote, or is taken for it, and is not read.
  private static func archive(_ start: [UInt8]) -> String? {
    if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
      return "PyTorch (tar, before torch 0.1.10)"
    }
    if start.starts(with: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return "7z" }
    if start.count >= 2, start[0] == 0x80, (2...5).contains(start[1]) {
      return "pickle (without torch.save's frame)"
    }
    return nil
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
