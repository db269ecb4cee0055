// SHA-256, the digest that receipts show to people.

internal import Crypto

/// A SHA-256 digest of 32 bytes.
public struct SHA256Digest: Hashable, Sendable {
  /// The digest as 64 lower-case hexadecimal digits.
  public let hex: String

  /// Computes the digest of `bytes`.
  public init(of bytes: [UInt8]) {
    self.init(SHA256.hash(data: bytes))
  }

  /// Computes the digest of `range` of `file`, in blocks.
  package init(
    of file: any ByteSource, range: Range<Int>, cancellation: Cancellation
  ) throws(IOFailure) {
    let block = AlignedBuffer(count: min(max(range.count, 1), 256 << 10))
    var hash = SHA256()
    var offset = range.lowerBound
    while offset < range.upperBound {
      try cancellation.check()
      let bytes = unsafe block.bytes(min(block.count, range.upperBound - offset))
      unsafe try file.read(into: bytes, at: offset)
      unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      offset += bytes.count
    }
    self.init(hash.finalize())
  }

  private init(_ digest: SHA256.Digest) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    hex = String(decoding: text, as: UTF8.self)
  }
}

extension SHA256Digest {
  /// The digest that `hex` spells; nil where it is not 64 lower-case hexadecimal digits.
  public init?(hex: String) {
    let isDigest =
      hex.utf8.count == 64
      && hex.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    guard isDigest else { return nil }
    self.hex = hex
  }
}
