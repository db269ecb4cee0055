// Laws of the search for NaN and infinity.

import Testing
import TieConvKernels

@Suite struct NonFiniteTests {
  /// Patterns that are not numbers, and the finite ones nearest to them.
  static func patterns(_ kind: ElementKind) -> (bad: [UInt64], finite: [UInt64]) {
    switch kind {
    case .bf16: ([0x7F80, 0xFF80, 0x7F81, 0xFFFF], [0x7F7F, 0xFF7F, 0, 0x8000, 0x0080])
    case .f16: ([0x7C00, 0xFC00, 0x7C01, 0xFFFF], [0x7BFF, 0xFBFF, 0, 0x8000])
    case .f32: ([0x7F80_0000, 0xFF80_0001], [0x7F7F_FFFF, 0xFF7F_FFFF, 0x8000_0000])
    case .f64: ([0x7FF0 << 48, 0xFFF8 << 48 | 1], [0x7FEF << 48 | 0xFFFF, 1 << 63, 0x7F80_0000])
    case .f8e4m3: ([0x7F, 0xFF], [0x7E, 0xFE, 0x78, 0x80])
    case .f8e5m2: ([0x7C, 0xFC, 0x7F, 0xFD], [0x7B, 0xFB, 0x80])
    case .f8e4m3fnuz, .f8e5m2fnuz: ([0x80], [0x7F, 0xFF, 0, 0x81])
    case .f8e8m0: ([0xFF], [0xFE, 0, 0x7F, 0x80])
    }
  }

  @Test(arguments: InstructionSet.allCases.filter { KernelSet($0) != nil }, ElementKind.allCases)
  func `the first planted non-number is found at every position`(
    set: InstructionSet, kind: ElementKind
  ) throws {
    let (bad, finite) = Self.patterns(kind)
    for length in lengths {
      let clean = (0..<length).map { finite[$0 % finite.count] }
      for offset in [0, 1, 3] {
        let source = Shifted(Self.stored(clean, kind), by: offset)
        #expect(try NonFinite.firstIndex(in: source, kind: kind, kernels: kernels(set)) == nil)
      }
      let plain = Self.stored(clean, kind)
      let missed = try stride(from: 0, to: length, by: length > 300 ? 13 : 1).filter { position in
        var content = plain
        for (place, value) in [(length - 1, bad[0]), (position, bad[position % bad.count])] {
          content.replaceSubrange(
            place * kind.byteWidth..<(place + 1) * kind.byteWidth, with: Self.stored([value], kind))
        }
        let source = Shifted(content, by: position % 4)
        return try NonFinite.firstIndex(in: source, kind: kind, kernels: kernels(set)) != position
      }
      #expect(missed.isEmpty)
    }
  }

  static func stored(_ values: [UInt64], _ kind: ElementKind) -> [UInt8] {
    values.flatMap { bytes([$0]).prefix(kind.byteWidth) }
  }
}
