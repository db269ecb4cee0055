// Laws of the matrix product.

import Testing
import TieConvKernels

@Suite struct MatrixProductTests {
  static let pool = ThreadPool(threads: 2)
  static let allLevels = levels + [.scalar]
  /// The levels whose F32 sums are fused like the definition's.
  static let fused = levels.filter { $0 != .portable }

  /// Sizes around every panel width and depth block, every transposition, kind and option.
  static let cases: [ProductCase] = {
    let sizes = [
      (1, 1, 1), (1, 7, 3), (2, 1, 5), (3, 50, 1), (5, 33, 40), (17, 31, 65), (29, 97, 33),
      (64, 64, 64), (1, 130, 321), (9, 20, 643), (4, 5, 0), (0, 3, 3), (3, 0, 3),
    ]
    let kinds: [ElementKind] = [.f32, .bf16, .f16]
    return sizes.enumerated().flatMap { index, size in
      (0..<8).map { option in
        var one = ProductCase(m: size.0, n: size.1, k: size.2)
        let transposition = option % 4
        one.transposedA = transposition & 1 != 0
        one.transposedB = transposition & 2 != 0
        one.kindA = kinds[(index + transposition) % 3]
        one.kindB = kinds[(index + transposition / 2 + 1) % 3]
        one.margin = (index + transposition) % 3
        one.scale = transposition == 1 ? -0.5 : 1
        one.accumulate = transposition >= 2
        one.biased = transposition % 2 == 1
        one.precision = option < 4 ? .f32 : .bf16
        return one
      }
    }
  }()

  @Test(arguments: allLevels)
  func `every level is within the rounding of k products`(set: InstructionSet) throws {
    for one in Self.cases {
      let c = try one.product(pool: Self.pool, kernels: kernels(set))
      #expect(one.firstWrong(in: c) == nil, "\(one)")
    }
  }

  @Test(arguments: fused)
  func `levels with a fused multiply-add give the bits of the definition`(
    set: InstructionSet
  ) throws {
    for one in Self.cases {
      let expected = try one.product(pool: Self.pool, kernels: kernels(.scalar))
      let found = try one.product(pool: Self.pool, kernels: kernels(set))
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(one)")
    }
  }

  @Test(arguments: levels)
  func `BF16 products are exact, so every level gives the bits of the definition`(
    set: InstructionSet
  ) throws {
    for var one in Self.cases where one.precision == .bf16 {
      // A scale of 1 onto nothing leaves the sums as the tiles made them.
      (one.scale, one.accumulate, one.biased) = (1, false, false)
      guard one.k <= 640 else { continue }
      let expected = try one.product(pool: Self.pool, kernels: kernels(.scalar))
      let found = try one.product(pool: Self.pool, kernels: kernels(set))
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(one)")
    }
  }

  @Test(arguments: levels)
  func `a packed factor gives the bits of the blocked product`(set: InstructionSet) throws {
    for one in Self.cases where one.m > ProductCase.fewRows || !one.transposedB {
      let expected = try one.product(pool: Self.pool, kernels: kernels(set))
      let found = try one.product(pool: Self.pool, kernels: kernels(set), packed: true)
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(one)")
    }
    for one in Self.cases {
      let c = try one.product(pool: Self.pool, kernels: kernels(set), packed: true)
      #expect(one.firstWrong(in: c) == nil, "\(one)")
    }
  }

  @Test func `the thread count does not change a bit`() throws {
    var large = ProductCase(m: 150, n: 260, k: 700)
    large.transposedB = true
    for one in Self.cases + [large] {
      let alone = try one.product(pool: ThreadPool(threads: 1))
      for threads in [2, 3, 7] {
        let found = try one.product(pool: ThreadPool(threads: threads))
        #expect(found.map(\.bitPattern) == alone.map(\.bitPattern), "\(one), \(threads) threads")
      }
    }
  }

  @Test func `sizes beyond a chunk and a tile come together`() throws {
    // More rows than a chunk, more columns than a chunk, more depth than one pass.
    for (m, n, k) in [(1030, 30, 9), (20, 2100, 9), (9, 50, 2300)] {
      var one = ProductCase(m: m, n: n, k: k)
      one.transposedB = true
      #expect(one.firstWrong(in: try one.product(pool: Self.pool)) == nil, "\(one)")
      one.precision = .bf16
      one.accumulate = true
      one.biased = true
      #expect(one.firstWrong(in: try one.product(pool: Self.pool)) == nil, "\(one)")
    }
  }

  @Test(arguments: allLevels, ProductPrecision.allCases)
  func `a NaN or an infinity reaches exactly its row and column`(
    set: InstructionSet, precision: ProductPrecision
  ) throws {
    for (value, m, transposed) in [
      (Float.nan, 9, false), (.infinity, 9, true), (.nan, 2, true), (-.infinity, 2, true),
    ] {
      var one = ProductCase(m: m, n: 50, k: 37)
      one.transposedB = transposed
      one.precision = precision
      var a = one.a
      a.set(row: 1, column: 36, to: value)
      let c = try one.product(a, one.b, pool: Self.pool, kernels: kernels(set))
      let wrongRow = c.indices.first { c[$0].isFinite == ($0 / 50 == 1) }
      #expect(wrongRow == nil, "\(one)")
      var b = one.b
      b.set(row: 0, column: 49, to: value)
      let d = try one.product(one.a, b, pool: Self.pool, kernels: kernels(set))
      let wrongColumn = d.indices.first { d[$0].isFinite == ($0 % 50 == 49) }
      #expect(wrongColumn == nil, "\(one)")
    }
  }
}
