// Recorded blocks give, bit for bit, what gguf-py gave; every instruction set gives the same.

import Foundation
import Testing
import TieConvKernels

@testable import TieConv

struct GGMLDequantizerTests {
  private struct Golden: Decodable {
    struct Vector: Decodable {
      let block_hex: String
      let f32_le_hex: String
    }
    let decode: [String: Vector]
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 > 0x39 ? $0 - 0x57 : $0 - 0x30 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  private static func values(
    _ type: GGMLType, _ blocks: [UInt8], _ set: InstructionSet
  ) throws -> [UInt32] {
    let count = blocks.count / type.blockBytes * type.blockElements
    var floats = [Float](repeating: 7, count: count)
    var target = floats.mutableSpan
    try unsafe GGMLBlocks.dequantize(
      blocks.span.bytes, type: type.rawValue, into: &target, set: set)
    return floats.map(\.bitPattern)
  }

  private static var sets: [InstructionSet] {
    InstructionSet.allCases.filter { KernelSet($0) != nil }
  }

  @Test func recordedBlocksGiveTheRecordedNumbers() throws {
    let path = "\(Testdata.root)/gguf/decode.json"
    let data = try #require(FileManager.default.contents(atPath: path))
    let golden = try JSONDecoder().decode(Golden.self, from: data)
    #expect(golden.decode.count == 23)
    for (name, vector) in golden.decode {
      let type = try #require(GGMLType(name: name))
      let blocks = Self.bytes(vector.block_hex)
      let expected = Self.bytes(vector.f32_le_hex)
      for set in Self.sets {
        let found = try Self.values(type, blocks, set)
        let bytes = found.flatMap { word in
          (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        #expect(bytes == expected, "\(name) \(set)")
      }
    }
  }

  @Test func everyInstructionSetGivesTheSame() throws {
    var random = SeededRandom(seed: 3)
    for type in GGMLType.allCases where type.isQuantized {
      let blocks = (0..<type.blockBytes * 37).map { _ in UInt8.random(in: 0...255, using: &random) }
      let expected = try Self.values(type, blocks, .scalar)
      for set in Self.sets {
        let found = try Self.values(type, blocks, set)
        let isSame = zip(found, expected).allSatisfy {
          // NaN payloads are the machine's own.
          $0 == $1 || Float(bitPattern: $0).isNaN && Float(bitPattern: $1).isNaN
        }
        #expect(isSame, "\(type.name) \(set)")
      }
    }
  }

  @Test func typesWithoutVectorsFollowTheirFormulas() throws {
    // d = 0.5 as f16 is 0x3800.
    let q10: [UInt8] = [0x00, 0x38] + [0b0000_0101] + [UInt8](repeating: 0, count: 15)
    let ones = try Self.values(.q10, q10, .scalar).map { Float(bitPattern: $0) }
    #expect(Array(ones[..<4]) == [0.5, -0.5, 0.5, -0.5])
    let q20: [UInt8] = [0x00, 0x38] + [0b1110_0100] + [UInt8](repeating: 0, count: 15)
    let twos = try Self.values(.q20, q20, .scalar).map { Float(bitPattern: $0) }
    #expect(Array(twos[..<5]) == [-0.5, 0, 0.5, 1, -0.5])
    let q81: [UInt8] = [0x00, 0x38, 0, 0] + (0..<32).map { UInt8(bitPattern: Int8($0) - 16) }
    let sums = try Self.values(.q81, q81, .scalar).map { Float(bitPattern: $0) }
    #expect(sums == (0..<32).map { 0.5 * Float($0 - 16) })
    let q8K = [0, 0, 0x80, 0x3E] + (0..<256).map { UInt8(truncatingIfNeeded: $0) }
    let bytes = try Self.values(.q8K, q8K + [UInt8](repeating: 1, count: 32), .scalar)
      .map { Float(bitPattern: $0) }
    #expect(bytes == (0..<256).map { 0.25 * Float(Int8(truncatingIfNeeded: $0)) })
  }

  @Test func layoutsAgreeWithTheTypeTable() {
    for type in GGMLType.allCases {
      let layout = GGMLBlocks.layout(of: type.rawValue)
      #expect((layout != nil) == type.isQuantized)
      if let layout {
        #expect(layout.values == type.blockElements)
        #expect(layout.bytes == type.blockBytes)
      }
      #expect(type.dtype.rawValue == type.name)
      #expect(GGMLType(type.dtype) == type)
      #expect(type.dtype.block == (type.blockElements, type.blockBytes))
    }
    for removed: UInt32 in [0, 4, 5, 31, 36, 43, 1000] {
      #expect(GGMLBlocks.layout(of: removed) == nil)
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    var floats = [Float](repeating: 0, count: 32)
    func code(_ count: Int, _ type: GGMLType) -> CheckpointError.Code? {
      let bytes = [UInt8](repeating: 0, count: count)
      var target = floats.mutableSpan
      do throws(CheckpointError) {
        try unsafe GGMLDequantizer.dequantize(bytes.span.bytes, type, into: &target)
        return nil
      } catch { return error.code }
    }
    #expect(code(34, .q80) == nil)
    #expect(code(64, .f16) == nil)
    #expect(code(33, .q80) == .tensorSizeMismatch)
    #expect(code(68, .q80) == .tensorSizeMismatch)
    #expect(code(32, .i8) == .unknownDType)
  }
}
