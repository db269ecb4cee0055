// Laws of the pair statistics.

import Testing
import TieConvKernels

@Suite struct PairStatisticsTests {
  /// Values with a fair share of zeros of both signs, equal pairs, NaN and infinities.
  static func pairs(_ count: Int, seed: UInt64) -> (a: [Float], b: [Float]) {
    var generator = SplitMix(state: seed)
    let odd: [Float] = [
      0, -0.0, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]
    func value() -> Float {
      let pick = Int(generator.next() % 24)
      return pick < odd.count ? odd[pick] : Float.random(in: -2...2, using: &generator)
    }
    let a = (0..<count).map { _ in value() }
    let b = a.map { generator.next() % 3 == 0 ? $0 : value() }
    return (a, b)
  }

  @Test(arguments: levels)
  func `every level gives the scalar result to the last bit`(set: InstructionSet) throws {
    for length in lengths + [2048, 5000] {
      let (a, b) = Self.pairs(length, seed: UInt64(length))
      for offset in [0, 1, 3] {
        let x = Shifted(bytes(a), by: offset)
        let y = Shifted(bytes(b), by: 3 - offset)
        let expected = try PairStatistics(of: x, .f32, y, .f32, kernels: kernels(.scalar))
        let found = try PairStatistics(of: x, .f32, y, .f32, kernels: kernels(set))
        #expect(found == expected)
        let wideX = Shifted(bytes(a.map { Double($0) * 1.1 }), by: offset)
        let wideY = Shifted(bytes(b.map { Double($0) * 1.1 }), by: offset)
        #expect(
          try PairStatistics(of: wideX, .f64, wideY, .f64, kernels: kernels(set))
            == PairStatistics(of: wideX, .f64, wideY, .f64, kernels: kernels(.scalar)))
      }
    }
  }

  @Test func `counters and maximum follow their definitions`() throws {
    let (a, b) = Self.pairs(5000, seed: 3)
    let found = try PairStatistics(
      of: bytes(a).block, .f32, bytes(b).block, .f32)
    let both = Array(zip(a, b))
    #expect(found.count == 5000)
    #expect(found.bitsDiffer == both.count { $0.bitPattern != $1.bitPattern })
    #expect(found.valuesDiffer == both.count { $0 != $1 && !($0.isNaN && $1.isNaN) })
    #expect(found.nanAgainstNumber == both.count { $0.isNaN != $1.isNaN })
    #expect(found.nonFiniteA == a.count { !$0.isFinite })
    #expect(found.nonFiniteB == b.count { !$0.isFinite })
    #expect(found.maxAbsDifference == .infinity)
    let finite = both.filter { $0.isFinite && $1.isFinite }.map { (Double($0), Double($1)) }
    let dot = finite.reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(found.dotAB - dot) <= 1e-12 * abs(dot))
    let quiet = try PairStatistics(
      of: bytes(finite.map(\.0)).block, .f64, bytes(finite.map(\.1)).block, .f64)
    #expect(quiet.maxAbsDifference == finite.map { abs($0 - $1) }.max())
  }

  @Test func `small sums are exact`() throws {
    let a: [Float] = [1, 2, 3, -0.0, .nan, 5]
    let b: [Float] = [1, 2.5, -3, 0, .nan, .nan]
    let found = try PairStatistics(of: bytes(a).block, .f32, bytes(b).block, .f32)
    #expect(found.dotAA == 14)
    #expect(found.dotBB == 16.25)
    #expect(found.dotAB == -3)
    #expect(found.squaredDifference == 36.25)
    #expect(found.valuesDiffer == 3)
    #expect(found.nanAgainstNumber == 1)
    let same = try PairStatistics(of: bytes(a).block, .f32, bytes(a).block, .f32)
    #expect(same.maxAbsDifference == 0 && same.valuesDiffer == 0 && same.bitsDiffer == 0)
  }

  @Test func `the kind that holds the values does not change the result`() throws {
    let halves = randomBytes(2 * 5000, seed: 9)
    let others = randomBytes(2 * 5000, seed: 10)
    func widened(_ source: [UInt8]) throws -> [Float] {
      var target = [Float](repeating: 0, count: 5000)
      var span = target.mutableSpan
      try Widening.toFloat32(source.block, kind: .bf16, into: &span)
      return target
    }
    let stored = try PairStatistics(of: halves.block, .bf16, others.block, .bf16)
    let (a, b) = try (widened(halves), widened(others))
    let mixed = try PairStatistics(
      of: bytes(a.map { Double($0) }).block, .f64, others.block, .bf16)
    #expect(try stored == PairStatistics(of: bytes(a).block, .f32, bytes(b).block, .f32))
    #expect(mixed.dotAB == stored.dotAB && mixed.maxAbsDifference == stored.maxAbsDifference)
  }

  @Test func `merging blocks counts every pair once`() throws {
    let (a, b) = Self.pairs(4096, seed: 21)
    let (x, y) = (bytes(a), bytes(b))
    let whole = try PairStatistics(of: x.block, .f32, y.block, .f32)
    var merged = PairStatistics()
    for start in stride(from: 0, to: 4 * 4096, by: 4 * 2048) {
      let block = start..<(start + 4 * 2048)
      merged += try PairStatistics(
        of: x.block.extracting(block), .f32, y.block.extracting(block), .f32)
    }
    #expect(merged == whole)
    #expect(throws: KernelError.unequalCounts(4096, 4095)) {
      try PairStatistics(
        of: x.block, .f32, y.block.extracting(0..<(4 * 4095)), .f32)
    }
  }
}
