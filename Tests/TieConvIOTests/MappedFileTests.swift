// A mapped file gives its bytes; one that is cut short meanwhile gives zeros and says so.

import Foundation
import Testing

@testable import TieConvIO

@Suite struct MappedFileTests {
  private let path: String
  private static let count = 1 << 20

  init() throws {
    path = NSTemporaryDirectory() + "tieconv-mapped-" + UUID().uuidString
    let bytes = (0..<Self.count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func sum(_ mapped: MappedFile, _ range: Range<Int>) throws -> Int {
    guard let bytes = unsafe mapped.bytes(range) else { return -1 }
    return unsafe bytes.reduce(0) { $0 + Int($1) }
  }

  @Test("the bytes are the file's, at any place") func reading() throws {
    let mapped = try #require(MappedFile(try InputFile(path)))
    mapped.prefetch(5000..<9000)
    #expect(try sum(mapped, 5000..<9000) == (5000..<9000).reduce(0) { $0 + ($1 * 31 + 7) % 256 })
    #expect(unsafe mapped.bytes(0..<Self.count + 1) == nil)
    try mapped.check()
  }

  @Test("an empty file is not mapped") func empty() throws {
    try Data().write(to: URL(fileURLWithPath: path))
    #expect(MappedFile(try InputFile(path)) == nil)
  }

  @Test("a file that is cut while it is mapped reads as zeros from there on, and check tells")
  func cut() throws {
    let mapped = try #require(MappedFile(try InputFile(path)))
    let other = try #require(MappedFile(try InputFile(path)))
    let before = try sum(mapped, 0..<4096)
    try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 4096)
    #expect(try sum(mapped, 0..<4096) == before)
    #expect(try sum(mapped, 4096..<Self.count) == 0)
    let failure = try #require(throws: IOFailure.self) { try mapped.check() }
    #expect(failure.reason == .unexpectedEnd)
    // The other mapping has met no missing page, but its file is not what it was.
    let changed = try #require(throws: IOFailure.self) { try other.check() }
    #expect(changed.reason == .changed)
  }

  @Test("mappings end, and their places are used again") func many() throws {
    for _ in 0..<2000 { _ = try #require(MappedFile(try InputFile(path))) }
    var kept: [MappedFile] = []
    while let mapped = MappedFile(try InputFile(path)) {
      kept.append(mapped)
      try #require(kept.count <= 512)
    }
    #expect(kept.count >= 256)
  }
}
