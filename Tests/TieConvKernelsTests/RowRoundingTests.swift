// Laws of the rounding that ggml does before a product: every level is the definition, to the bit.

import Testing
import TieConvKernels

@Suite struct RowRoundingTests {
  static let roundings: [RowRounding] = [.f16, .bf16, .q8_0, .q8K]

  private static func rounded(
    _ row: [Float], _ rounding: RowRounding, _ set: InstructionSet
  ) throws -> [Float] {
    try unsafe RowKernelTests.results(set, [row]) { kernels, t in
      try unsafe kernels.round(RowKernelTests.row(t[0]), to: rounding, into: t[0])
    }[0]
  }

  @Test(arguments: levels, roundings)
  func `every level gives the bits of the definition`(
    set: InstructionSet, rounding: RowRounding
  ) throws {
    for n in [1, 31, 32, 33, 256, 577, 1536] {
      for scale in [1, 1e-6, 3e4] as [Float] {
        let row = randomFloats(n, seed: UInt64(n)).map { $0 * scale }
        let found = try Self.rounded(row, rounding, set)
        let expected = try Self.rounded(row, rounding, .scalar)
        #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
      }
    }
  }

  @Test(arguments: levels)
  func `codes are -127 to 127 times a scale, ties to even`(set: InstructionSet) throws {
    // The scale is 1, which F16 has; 2.5 and -2.5 are ties.
    var row = [Float](repeating: 0, count: 32)
    row.replaceSubrange(0..<8, with: [127, -127, 2.5, -2.5, 2.4, 0.5, -0.49, 63.5])
    let expected: [Float] = [127, -127, 2, -2, 2, 0, 0, 64]
    #expect(try Array(Self.rounded(row, .q8_0, set)[..<8]) == expected)
    row += [Float](repeating: 0, count: 224)
    #expect(try Array(Self.rounded(row, .q8K, set)[..<8]) == expected)
  }

  @Test(arguments: levels)
  func `a block's scale is an F16 number in Q8_0 and not in Q8_K`(set: InstructionSet) throws {
    let row = [Float](repeating: 1, count: 256)
    // 1/127 to 11 bits is 0x1.020p-7.
    #expect(try Self.rounded(row, .q8_0, set)[0] == 127 * 0x1.020p-7)
    #expect(try abs(Self.rounded(row, .q8K, set)[0] - 1) < 1e-6)
  }

  @Test(arguments: levels)
  func `blocks have scales of their own, and zeros stay zero`(set: InstructionSet) throws {
    var row = [Float](repeating: 0, count: 96)
    row[40] = 1e-3
    row[70] = 1000
    let found = try Self.rounded(row, .q8_0, set)
    #expect(found[..<32].allSatisfy { $0 == 0 })
    #expect(abs(found[40] - 1e-3) < 1e-6)
    #expect(abs(found[70] - 1000) < 1)
  }

  @Test(arguments: levels)
  func `16-bit numbers are those of the conversion there and back`(set: InstructionSet) throws {
    var row = randomFloats(512, seed: 9)
    row += [
      0, -0.0, 1e-8, 6e-8, 5.9e-5, 65504, 65519, 65520, -1e6, .infinity,
      Float(bitPattern: 77_777),
    ]
    for (rounding, kind) in [(RowRounding.f16, ElementKind.f16), (.bf16, .bf16)] {
      var halves = [UInt16](repeating: 0, count: row.count)
      var span = halves.mutableSpan
      unsafe try Narrowing.fromFloat32(row.span.bytes, to: kind, into: &span)
      var expected = [Float](repeating: 0, count: row.count)
      var wide = expected.mutableSpan
      unsafe try Widening.toFloat32(halves.span.bytes, kind: kind, into: &wide)
      let found = try Self.rounded(row, rounding, set)
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: levels)
  func `the excess is what rounding a block's sum to F16 adds`(set: InstructionSet) throws {
    let row = randomFloats(96, seed: 5)
    func excess(_ set: InstructionSet) throws -> [Float] {
      let targets = [row, [Float](repeating: 0, count: 3)]
      return try unsafe RowKernelTests.results(set, targets) { kernels, t in
        try unsafe kernels.sumExcess(RowKernelTests.row(t[0]), into: t[1])
      }[1]
    }
    let found = try excess(set)
    #expect(try found.map(\.bitPattern) == excess(.scalar).map(\.bitPattern))
    let rounded = try Self.rounded(row, .q8_0, set)
    for block in 0..<3 {
      let numbers = rounded[32 * block..<32 * block + 32].map(Double.init)
      let scale = Double(row[32 * block..<32 * block + 32].map(abs).max() ?? 0) / 127
      // The codes, whole numbers, times the scale before it is rounded.
      let stored = try #require(numbers.map(abs).max().map { $0 / 127 })
      let sum = numbers.reduce(0) { $0 + ($1 / stored).rounded() } * scale
      #expect(abs(Double(found[block]) + numbers.reduce(0, +) - sum) <= abs(sum) * 0x1p-11 + 1e-6)
    }
  }
}
