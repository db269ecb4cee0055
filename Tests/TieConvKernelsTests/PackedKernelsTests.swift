// The packed kernels: every instruction set gives what the plain definition gives, and that is what
// the formats say, bit by bit.

import Testing

@testable import TieConvKernels

@Suite struct PackedKernelsTests {
  private static let sets = InstructionSet.allCases.filter { PackedKernels($0) != nil }
  private static let orders: [PackedKernels.Order] =
    (1...8).map { .stream(bits: $0) } + (1...8).map { .words(bits: $0) }
    + [.highNibbleFirst, .interleaved]

  private func unpacked(
    _ source: [UInt8], _ order: PackedKernels.Order, _ count: Int, _ set: InstructionSet
  ) throws -> [UInt8] {
    var codes = [UInt8](repeating: 0xEE, count: count)
    var span = codes.mutableSpan
    unsafe try #require(PackedKernels(set)).unpack(source.span.bytes, order, into: &span)
    return codes
  }

  /// Where the bits of code `index` lie, said once more.
  private func expected(_ source: [UInt8], _ order: PackedKernels.Order, _ index: Int) -> UInt8 {
    func bits(at start: Int, _ count: Int) -> UInt8 {
      (0..<count).reduce(UInt8(0)) { code, bit in
        let place = start + bit
        return code | ((source[place / 8] >> UInt8(place % 8)) & 1) << UInt8(bit)
      }
    }
    switch order {
    case .stream(let width): return bits(at: index * width, width)
    case .words(let width):
      let each = 32 / width
      return bits(at: index / each * 32 + index % each * width, width)
    case .highNibbleFirst: return bits(at: index / 2 * 8 + (index % 2 == 0 ? 4 : 0), 4)
    case .interleaved:
      return bits(at: index / 8 * 32 + [0, 4, 1, 5, 2, 6, 3, 7][index % 8] * 4, 4)
    }
  }

  @Test("codes lie where the order says, for every width and every instruction set")
  func unpacking() throws {
    for order in Self.orders {
      for count in lengths where order.byteCount(count) != nil {
        let needed = try #require(order.byteCount(count))
        let source = randomBytes(needed, seed: UInt64(count))
        let plain = (0..<count).map { expected(source, order, $0) }
        for set in Self.sets { #expect(try unpacked(source, order, count, set) == plain) }
      }
    }
  }

  @Test("a block that is too short is refused")
  func shortBlocks() throws {
    for order in Self.orders {
      let needed = try #require(order.byteCount(64))
      #expect(throws: KernelError.self) {
        try unpacked(randomBytes(needed - 1, seed: 1), order, 64, .scalar)
      }
    }
    #expect(PackedKernels.Order.stream(bits: 0).byteCount(8) == nil)
    #expect(PackedKernels.Order.words(bits: 9).byteCount(8) == nil)
    #expect(PackedKernels.Order.interleaved.byteCount(9) == nil)
    #expect(PackedKernels.Order.stream(bits: 8).byteCount(.max) == nil)
  }

  @Test("differences, products and sums are rounded one by one")
  func scaling() throws {
    for set in Self.sets {
      let kernels = try #require(PackedKernels(set))
      let codes = randomBytes(129, seed: 9)
      let factors: [Float] = [0.1, -0.3, 7.7e-3]
      let zeros: [Float] = [3, 200, 0.5]
      let terms: [Float] = [-1.1, 0.7, 1e-3]
      var values = [Float](repeating: 0, count: 129)
      var span = values.mutableSpan
      try kernels.decode(codes.span, as: .unsigned, into: &span)
      try kernels.scale(&span, group: 50, zeros: zeros.span, factors: factors.span)
      try kernels.add(&span, group: 50, terms: terms.span)
      for index in 0..<129 {
        let product = (Float(codes[index]) - zeros[index / 50]) * factors[index / 50]
        #expect(values[index] == product + terms[index / 50])
      }
    }
  }

  @Test("an index finds the group of each element")
  func indexing() throws {
    for set in Self.sets {
      let kernels = try #require(PackedKernels(set))
      let codes = randomBytes(70, seed: 4)
      let groups = (0..<70).map { UInt32(($0 * 7) % 3) }
      let factors: [Float] = [0.1, -0.3, 7.7e-3]
      var values = [Float](repeating: 0, count: 70)
      var span = values.mutableSpan
      try kernels.decode(codes.span, as: .signed, into: &span)
      try kernels.scale(
        &span, groups: groups.span, maximum: 2, zeros: nil, factors: factors.span)
      for index in 0..<70 {
        #expect(
          values[index] == Float(Int8(bitPattern: codes[index])) * factors[Int(groups[index])])
      }
      var other = values.mutableSpan
      #expect(throws: KernelError.self) {
        try kernels.scale(
          &other, groups: groups.span, maximum: 3, zeros: nil, factors: factors.span)
      }
    }
  }

  @Test("a group that does not exist is refused")
  func missingGroups() throws {
    var values = [Float](repeating: 1, count: 9)
    var span = values.mutableSpan
    let factors: [Float] = [1, 2]
    #expect(throws: KernelError.self) {
      try PackedKernels.best.scale(&span, group: 4, zeros: nil, factors: factors.span)
    }
    #expect(throws: KernelError.self) {
      try PackedKernels.best.scale(&span, group: 0, zeros: nil, factors: factors.span)
    }
  }
}
