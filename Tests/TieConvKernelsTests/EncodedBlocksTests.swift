// Laws of the encoders: what they write decodes to the numbers bit for bit, numbers that no block
// stands for are told by their place, and every instruction set writes the same.

import Testing
import TieConvKernels

struct EncodedBlocksTests {
  /// Types by ggml's ids, with where a block's scales end.
  static let types: [(id: UInt32, scales: Int)] = [(2, 2), (3, 4), (6, 2), (7, 4), (8, 2), (14, 0)]
  private static var sets: [InstructionSet] {
    InstructionSet.allCases.filter { KernelSet($0) != nil }
  }

  /// Blocks of any codes, with finite scales of either sign and any size.
  private static func blocks(_ type: UInt32, _ scales: Int, count: Int) throws -> [UInt8] {
    let width = try #require(GGMLBlocks.layout(of: type)).bytes
    var bytes = randomBytes(count * width, seed: UInt64(type))
    for block in 0..<count {
      // Q6_K has its scale at the end.
      let places = type == 14 ? [208] : Array(stride(from: 0, to: scales, by: 2))
      for place in places.map({ block * width + $0 }) {
        // Exponents below 16: no infinity, and sums that stay far from their rounding.
        bytes[place + 1] = bytes[place + 1] & 0x80 | 0x28 | bytes[place + 1] & 0x07
      }
    }
    return bytes
  }

  private static func decoded(_ bytes: [UInt8], _ type: UInt32) throws -> [Float] {
    let layout = try #require(GGMLBlocks.layout(of: type))
    var values = [Float](repeating: 0, count: bytes.count / layout.bytes * layout.values)
    var target = values.mutableSpan
    try unsafe GGMLBlocks.dequantize(bytes.span.bytes, type: type, into: &target)
    return values
  }

  private static func encoded(
    _ values: [Float], _ type: UInt32, _ set: InstructionSet
  ) throws -> (bytes: [UInt8], count: Int) {
    let layout = try #require(GGMLBlocks.layout(of: type))
    var result = [UInt8](repeating: 0xEE, count: values.count / layout.values * layout.bytes)
    var target = result.mutableSpan
    let count = try unsafe GGMLBlocks.encode(
      values.span.bytes, type: type, into: &target, set: set)
    return (result, count)
  }

  @Test(arguments: types)
  func anyBlocksNumbersComeBack(type: UInt32, scales: Int) throws {
    let values = try Self.decoded(try Self.blocks(type, scales, count: 500), type)
    let expected = try Self.encoded(values, type, .scalar)
    #expect(expected.count == 500)
    #expect(
      try Self.decoded(expected.bytes, type).map(\.bitPattern) == values.map(\.bitPattern))
    for set in Self.sets { #expect(try Self.encoded(values, type, set) == expected, "\(set)") }
  }

  @Test(arguments: types)
  func zerosOfEitherSignAndEqualNumbersComeBack(type: UInt32, scales: Int) throws {
    let width = try #require(GGMLBlocks.layout(of: type)).values
    var mixed = [Float](repeating: 0, count: width)
    var rows = [mixed, [Float](repeating: 0.25, count: width)]
    // Without an offset, -0 is a number of its own.
    if scales < 4 {
      rows.append([Float](repeating: -0.0, count: width))
      for place in stride(from: 0, to: width, by: 3) { mixed[place] = -0.0 }
      rows.append(mixed)
    }
    for row in rows {
      let found = try Self.encoded(row, type, .scalar)
      #expect(found.count == 1)
      #expect(try Self.decoded(found.bytes, type).map(\.bitPattern) == row.map(\.bitPattern))
    }
  }

  @Test(arguments: types)
  func aNumberThatNoBlockSaysIsTold(type: UInt32, scales: Int) throws {
    let width = try #require(GGMLBlocks.layout(of: type)).values
    let values = try Self.decoded(try Self.blocks(type, scales, count: 9), type)
    for place in [0, width - 1, width, 5 * width + 10, 9 * width - 1] {
      let others: [Float] = [
        values[place].nextUp, .nan, .infinity, -.infinity, 3e38, .leastNonzeroMagnitude,
      ]
      for other in others {
        var changed = values
        changed[place] = other
        for set in Self.sets {
          #expect(try Self.encoded(changed, type, set).count == place / width, "\(other) \(set)")
        }
      }
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let values = [Float](repeating: 0, count: 32)
    var room = [UInt8](repeating: 0, count: 33)
    #expect(throws: KernelError.self) {
      var target = room.mutableSpan
      _ = try unsafe GGMLBlocks.encode(values.span.bytes, type: 8, into: &target)
    }
    #expect(throws: KernelError.self) {
      var target = room.mutableSpan
      _ = try unsafe GGMLBlocks.encode(values.span.bytes, type: 12, into: &target)
    }
    for type: UInt32 in [0, 1, 12, 20, 43, 1000] { #expect(!GGMLBlocks.encodes(type)) }
  }
}
