// Laws of the exact conversions, over every bit pattern of every small kind.

import Testing
import TieConvKernels

@Suite struct WideningTests {
  static let small: [ElementKind] = ElementKind.allCases.filter { $0.byteWidth <= 2 }

  static func everyPattern(_ kind: ElementKind) -> [UInt8] {
    kind.byteWidth == 1 ? bytes((0...255).map { UInt8($0) }) : bytes((0...65535).map { UInt16($0) })
  }

  static func widened(
    _ source: Shifted, _ kind: ElementKind, _ kernels: KernelSet
  ) throws -> [UInt32] {
    var target = [Float](repeating: -1, count: source.count / kind.byteWidth)
    var span = target.mutableSpan
    try Widening.toFloat32(source, kind: kind, into: &span, kernels: kernels)
    return target.map(\.bitPattern)
  }

  @Test(arguments: small)
  func `every pattern has the value that its format defines`(kind: ElementKind) throws {
    let patterns = Self.everyPattern(kind)
    let expected = try (0..<(patterns.count / kind.byteWidth)).map { bits in
      // E8M0 is 2^(bits - 127), and all ones is NaN.
      kind == .f8e8m0
        ? (bits == 255 ? .nan : Double(sign: .plus, exponent: bits - 127, significand: 1))
        : try #require(SmallFloat.of(kind)).value(bits)
    }
    for set in levels + [.scalar] {
      let found = try Self.widened(patterns.block, kind, kernels(set))
      let wrong = zip(found, expected).enumerated().first { _, pair in
        let value = Double(Float(bitPattern: pair.0))
        if value.isNaN { return !pair.1.isNaN }
        return value != pair.1 || value.sign != pair.1.sign
      }
      #expect(wrong == nil, "\(set)")
    }
  }

  @Test(arguments: levels, small)
  func `every level gives the scalar bits at any length and alignment`(
    set: InstructionSet, kind: ElementKind
  ) throws {
    for length in lengths {
      let content = randomBytes(length * kind.byteWidth, seed: UInt64(length) + 7)
      for offset in [0, 1, 3] {
        let source = Shifted(content, by: offset)
        let expected = try Self.widened(source, kind, kernels(.scalar))
        #expect(try Self.widened(source, kind, kernels(set)) == expected)
      }
    }
    let all = Self.everyPattern(kind)
    let expected = try Self.widened(all.block, kind, kernels(.scalar))
    #expect(try Self.widened(all.block, kind, kernels(set)) == expected)
  }

  @Test(arguments: levels)
  func `F32 is copied bit for bit and widens exactly to F64`(set: InstructionSet) throws {
    var content = randomBytes(4 * 1023, seed: 5)
    content.replaceSubrange(0..<4, with: bytes([Float.leastNonzeroMagnitude]))
    content.replaceSubrange(4..<8, with: bytes([-Float.infinity]))
    let source = Shifted(content, by: 1)
    let floats = try Self.widened(source, .f32, kernels(set))
    #expect(bytes(floats) == content)
    var doubles = [Double](repeating: 0, count: 1023)
    var span = doubles.mutableSpan
    try Widening.float32ToFloat64(source, into: &span, kernels: kernels(set))
    for (bits, double) in zip(floats, doubles) {
      let float = Float(bitPattern: bits)
      #expect(double == Double(float) || (double.isNaN && float.isNaN))
    }
  }

  @Test func `what does not fit is refused`() {
    let three: [UInt8] = [1, 2, 3]
    var target: [Float] = [0]
    var span = target.mutableSpan
    #expect(throws: KernelError.partialElement(bytes: 3, width: 2)) {
      try Widening.toFloat32(three.block, kind: .bf16, into: &span)
    }
    #expect(throws: KernelError.unequalCounts(3, 1)) {
      try Widening.toFloat32(three.block, kind: .f8e4m3, into: &span)
    }
    #expect(throws: KernelError.noConversion(.f64)) {
      try Widening.toFloat32(three.block, kind: .f64, into: &span)
    }
  }
}
