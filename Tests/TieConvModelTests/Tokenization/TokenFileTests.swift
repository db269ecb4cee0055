// Files of ids: written and read again, and refused where they are not what they say.

import Testing
import TieConv

@testable import TieConvModel

@Suite struct TokenFileTests {
  @Test(arguments: TokenFile.Spelling.allCases)
  func whatIsWrittenIsReadAgain(_ spelling: TokenFile.Spelling) throws {
    let ids: [Int32] = [0, 1, 255, 256, 65535]
    let bytes = TokenFile.contents(ids, as: spelling)
    #expect(try TokenFile(bytes, vocabularySize: 65536, spelling: spelling).ids == ids)
    if spelling == .npy { #expect(bytes.count == 128 + 2 * ids.count) }
  }

  @Test func wideIdsAreWrittenWide() throws {
    let ids: [Int32] = [70000, 3]
    #expect(try TokenFile(TokenFile.contents(ids, as: .npy), vocabularySize: 70001).ids == ids)
    #expect(TokenFile.Spelling.bare(vocabularySize: 65536) == .uint16)
    #expect(TokenFile.Spelling.bare(vocabularySize: 65537) == .uint32)
  }

  private static func array(_ header: String, _ data: [UInt8]) -> [UInt8] {
    let length = header.utf8.count
    return NumPyHeader.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(header.utf8) + data
  }

  @Test func everyTypeOfIdIsRead() throws {
    for (type, width) in [("<u2", 2), ("<u4", 4), ("<i4", 4), ("<i8", 8)] {
      let data = [UInt8(7)] + [UInt8](repeating: 0, count: width - 1)
      let bytes = Self.array(
        "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }\n", data)
      #expect(try TokenFile(bytes, vocabularySize: 8).ids == [7])
      #expect(throws: CheckpointError.self) { try TokenFile(bytes, vocabularySize: 7) }
    }
  }

  @Test func negativeIdsAreRefusedByNumber() {
    let bytes = Self.array(
      "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n",
      [UInt8](repeating: 0xFF, count: 8))
    let error = #expect(throws: CheckpointError.self) { try TokenFile(bytes, vocabularySize: 10) }
    #expect(error?.code == .invalidTokens)
    #expect(error?.message.contains("found -1") == true)
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '>u4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (1, 1), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (2,), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (9223372036854775807,), }",
    "{'descr': '<u4', 'shape': (1,), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
    "{'descr': '<u4', 'descr': '<u4', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<u4', 'fortran_order': False, 'shape': (1,), } x",
    "",
  ])
  func otherArraysAreRefused(_ header: String) {
    let bytes = Self.array(header, [1, 0, 0, 0])
    #expect(throws: CheckpointError.self) { try TokenFile(bytes, vocabularySize: 10) }
  }

  @Test func everyCutAndFlippedBitIsAnAnswerOrAnError() {
    let bytes = TokenFile.contents([1, 2, 3], as: .npy)
    for end in bytes.indices {
      #expect(throws: CheckpointError.self) {
        try TokenFile(Array(bytes[..<end]), vocabularySize: 10, spelling: .npy)
      }
    }
    for place in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[place] ^= 1 << UInt8(bit)
        let ids = (try? TokenFile(flipped, vocabularySize: 10, spelling: .npy))?.ids ?? []
        #expect(ids.allSatisfy { (0..<10).contains($0) })
      }
    }
  }

  @Test func halfAnIdIsRefused() {
    #expect(throws: CheckpointError.self) { try TokenFile([1, 0, 2], vocabularySize: 10) }
    #expect(throws: CheckpointError.self) {
      try TokenFile([1, 0], vocabularySize: 10, spelling: .uint32)
    }
  }
}
