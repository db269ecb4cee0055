// A GGUF header that is written reads as what it was written from, and each rule of ggml is enforced.

import Testing
import TieConvIO

@testable import TieConv

struct GGUFHeaderTests {
  static let allValues: [(String, GGUFValue)] = [
    ("general.architecture", .string("llama")), ("a", .uint8(255)), ("b", .int8(-128)),
    ("c", .uint16(65535)), ("d", .int16(-32768)), ("e", .uint32(.max)), ("f", .int32(.min)),
    ("g", .float32(-0.0)), ("h", .bool(true)), ("i", .malformedString([0xFF, 0, 0x41])),
    ("j", .uint64(.max)), ("k", .int64(.min)), ("l", .float64(1e300)), ("m", .string("")),
    ("n", .array(.uint8([1, 2]))), ("o", .array(.int8([-1]))), ("p", .array(.uint16([1, 65535]))),
    ("q", .array(.int16([-2]))), ("r", .array(.uint32([7]))), ("s", .array(.int32([-7]))),
    ("t", .array(.float32([0.5, -1]))), ("u", .array(.bool([true, false]))),
    ("v", .array(.string(["", "é", "<0x0A>"]))), ("w", .array(.uint64([.max]))),
    ("x", .array(.int64([]))), ("y", .array(.float64([2]))),
  ]

  static let tensors = [
    GGUFHeaderWriter.Tensor(name: "token_embd.weight", extents: [64, 3], type: .q40),
    GGUFHeaderWriter.Tensor(name: "scalar", extents: [], type: .f64),
    GGUFHeaderWriter.Tensor(name: "empty", extents: [0, 5], type: .f16),
    GGUFHeaderWriter.Tensor(name: "norm", shape: Shape([1, 7]), type: .f32),
  ]

  static func file(
    _ metadata: [(String, GGUFValue)] = allValues, _ tensors: [GGUFHeaderWriter.Tensor] = tensors,
    version: UInt32 = 3, order: GGUFByteOrder = .little
  ) throws -> [UInt8] {
    let header = try GGUFHeaderWriter(
      metadata: GGUFMetadata(metadata), tensors: tensors, version: version, order: order
    ).header()
    return header.bytes + (0..<header.dataCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  }

  static func read(_ bytes: [UInt8]) throws(CheckpointError) -> GGUFHeader {
    try GGUFHeader(reading: ArraySource(bytes))
  }

  @Test(arguments: [GGUFByteOrder.little, .big], [UInt32(2), 3])
  func whatIsWrittenIsRead(_ order: GGUFByteOrder, _ version: UInt32) throws {
    let bytes = try Self.file(version: version, order: order)
    let header = try Self.read(bytes)
    #expect(header.version == version)
    #expect(header.byteOrder == order)
    #expect(header.metadata == GGUFMetadata(Self.allValues))
    #expect(header.tensors.map(\.name) == Self.tensors.map(\.name))
    #expect(header.tensors.map(\.extents) == Self.tensors.map(\.extents))
    #expect(header.tensors.map(\.offset) == [0, 128, 160, 160])
    #expect(header.tensors.map(\.byteCount) == [108, 8, 0, 28])
    #expect(header.dataStart + header.dataCount == bytes.count)
    #expect(header.dataStart % 32 == 0)
    #expect(header.tensors[3].shape == Shape([1, 7]))
  }

  @Test func minusZeroStaysMinusZero() throws {
    guard case .float32(let value) = try Self.read(try Self.file()).metadata["g"] else {
      Issue.record("no float32")
      return
    }
    #expect(value.sign == .minus)
  }

  @Test func everyCutIsAnError() throws {
    let bytes = try Self.file()
    // The zeros behind the last tensor may be missing, as for llama.cpp.
    let needed = bytes.count - 4
    for count in 0..<needed {
      #expect(throws: CheckpointError.self) { try Self.read(Array(bytes[..<count])) }
    }
    for count in needed...bytes.count {
      #expect(throws: Never.self) { try Self.read(Array(bytes[..<count])) }
    }
    #expect(throws: Never.self) { try Self.read(bytes + [1, 2, 3]) }
  }

  @Test func noFlippedBitTraps() throws {
    let bytes = try Self.file()
    for place in 0..<min(bytes.count, 1200) {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        _ = try? Self.read(damaged)
      }
    }
  }

  @Test func aVocabularyAcrossWindowsIsWhole() throws {
    // Three windows and more, with one string longer than a window.
    var tokens = (0..<300_000).map { "token-\($0)" }
    tokens[150_000] = String(repeating: "x", count: 3 << 20)
    for order in [GGUFByteOrder.little, .big] {
      let bytes = try Self.file(
        [("tokens", .array(.string(GGUFStrings(tokens)))), ("after", .uint32(5))], [], order: order)
      let metadata = try Self.read(bytes).metadata
      #expect(metadata["tokens"]?.strings.map(Array.init) == tokens)
      #expect(metadata["after"] == .uint32(5))
    }
  }

  @Test func metadataKeepsItsOrder() {
    var metadata = GGUFMetadata([("a", .uint8(1)), ("b", .uint8(2)), ("c", .uint8(3))])
    metadata["b"] = .uint8(9)
    metadata["d"] = .uint8(4)
    metadata["a"] = nil
    #expect(metadata.entries.map(\.key) == ["b", "c", "d"])
    #expect(metadata["b"] == .uint8(9))
    #expect(metadata["c"] == .uint8(3))
  }
}
