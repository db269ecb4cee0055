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

  init(_ digest: SHA256.Digest) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in digest {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    hex = String(decoding: text, as: UTF8.self)
  }
}
