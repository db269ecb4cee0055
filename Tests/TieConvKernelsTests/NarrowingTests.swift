// Laws of rounding F32 to 16 bits.

import Testing
import TieConvKernels

@Suite struct NarrowingTests {
  static let kinds: [ElementKind] = [.bf16, .f16]

  static func narrowed(
    _ values: [Float], _ kind: ElementKind, _ kernels: KernelSet, offset: Int = 0
  ) throws -> [UInt16] {
    let source = Shifted(bytes(values), by: offset)
    var target = [UInt16](repeating: 0, count: values.count)
    var span = target.mutableSpan
    try Narrowing.fromFloat32(source, to: kind, into: &span, kernels: kernels)
    return target
  }

  @Test(arguments: kinds)
  func `every finite 16-bit value survives the round trip`(kind: ElementKind) throws {
    let format = try #require(SmallFloat.of(kind))
    let values = (0...65535).map { Float(format.value($0)) }
    for set in levels + [.scalar] {
      let found = try Self.narrowed(values, kind, kernels(set))
      // One expectation: to record 65,536 of them takes far longer than to check them.
      let wrong = found.indices.first { !values[$0].isNaN && Int(found[$0]) != $0 }
      #expect(wrong == nil, "\(set)")
    }
  }

  @Test(arguments: kinds)
  func `halfway goes to even and its neighbours to the nearer`(kind: ElementKind) throws {
    let format = try #require(SmallFloat.of(kind))
    let infinity = kind == .f16 ? 0x7C00 : 0x7F80
    // The last step overflows: its upper end stands for the value that infinity replaces.
    let step = format.value(infinity - 1) - format.value(infinity - 2)
    var halves: [Float] = []
    var expected: [UInt16] = []
    for bits in 0..<infinity {
      let low = format.value(bits)
      let high = bits + 1 == infinity ? low + step : format.value(bits + 1)
      let half = Float((low + high) / 2)
      halves += [half.nextDown, half, half.nextUp, -half]
      let even = UInt16(bits + bits % 2)
      expected += [UInt16(bits), even, UInt16(bits + 1), even | 0x8000]
    }
    for set in levels + [.scalar] {
      #expect(try Self.narrowed(halves, kind, kernels(set)) == expected, "\(set)")
    }
  }

  @Test(arguments: kinds)
  func `NaN stays NaN, becomes quiet and keeps its sign`(kind: ElementKind) throws {
    let patterns: [UInt32] = [0x7F80_0001, 0xFF80_0001, 0x7FC0_0000, 0xFFFF_FFFF, 0x7FA0_0000]
    let (exponent, quiet): (UInt16, UInt16) = kind == .f16 ? (0x7C00, 0x200) : (0x7F80, 0x40)
    for set in levels + [.scalar] {
      // Repeated, so that vector bodies meet them too.
      let values = (0..<40).map { Float(bitPattern: patterns[$0 % patterns.count]) }
      let found = try Self.narrowed(values, kind, kernels(set))
      for (value, bits) in zip(values, found) {
        #expect(bits & exponent == exponent && bits & quiet == quiet)
        #expect(bits >> 15 == UInt16(value.bitPattern >> 31))
      }
    }
  }

  @Test(arguments: levels, kinds)
  func `every level gives the scalar bits at any length and alignment`(
    set: InstructionSet, kind: ElementKind
  ) throws {
    var generator = SplitMix(state: 11)
    for length in lengths + [65536] {
      let values = (0..<length).map { _ in
        Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      }
      let expected = try Self.narrowed(values, kind, kernels(.scalar))
      for offset in [0, 1, 3] {
        #expect(try Self.narrowed(values, kind, kernels(set), offset: offset) == expected)
      }
    }
  }
}
