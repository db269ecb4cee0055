// Base64, zstd and SHA-256 as receipts use them.

import Foundation
import Testing

@testable import TieConvIO

@Suite struct CodecTests {
  @Test(
    "the vectors of RFC 4648",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(_ plain: String, _ coded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == coded)
    #expect(Base64.decode(coded) == Array(plain.utf8))
  }

  @Test(
    "other characters, lengths and paddings are refused",
    arguments: ["Z", "Zg=", "Zg==Zg==", "Z===", "Zm9_", "Zm 9v"])
  func notBase64(_ text: String) { #expect(Base64.decode(text) == nil) }

  @Test("every byte value survives") func allBytes() {
    for count in 250..<260 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
      #expect(Zstd.compress(bytes).flatMap { Zstd.decompress($0, limit: count) } == bytes)
    }
  }

  @Test("a frame that declares more than the limit, or is damaged, is refused") func zstdLimits()
    throws
  {
    let bytes = [UInt8](repeating: 7, count: 100_000)
    var frame = try #require(Zstd.compress(bytes))
    #expect(frame.count < 1000)
    #expect(Zstd.decompress(frame, limit: 99_999) == nil)
    #expect(Zstd.decompress(frame, limit: 100_000) == bytes)
    frame[frame.count - 1] ^= 1
    #expect(Zstd.decompress(frame, limit: 100_000) == nil)
    #expect(Zstd.decompress([1, 2, 3], limit: 100) == nil)
  }

  @Test("SHA-256 of a file's range is that of its bytes") func sha256() throws {
    #expect(
      SHA256Digest(of: Array("abc".utf8)).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let path = NSTemporaryDirectory() + "tieconv-sha-" + UUID().uuidString
    let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let digest = try SHA256Digest(
      of: try InputFile(path), range: 3..<699_999, cancellation: Cancellation())
    #expect(digest == SHA256Digest(of: Array(bytes[3..<699_999])))
    #expect(SHA256Digest(hex: digest.hex) == digest)
    #expect(SHA256Digest(hex: "ABC") == nil)
  }
}
