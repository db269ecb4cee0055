// Laws of the matrix product.

import Testing
import TieConvKernels

@Suite struct MatrixProductTests {
  static let pool = ThreadPool(threads: 2)
  static let allLevels = levels + [.scalar]

  /// Sizes around every panel width and depth block, every transposition, kind and option.
  static let cases: [ProductCase] = {
    let sizes = [
      (1, 1, 1), (1, 7, 3), (2, 1, 5), (3, 50, 1), (5, 33, 40), (17, 31, 65), (29, 97, 33),
      (64, 64, 64), (1, 130, 321), (9, 20, 643), (4, 5, 0), (0, 3, 3), (3, 0, 3),
    ]
    var made: [ProductCase] = []
    for (index, (m, n, k)) in sizes.enumerated() {
      for transposition in 0..<4 {
        var one = ProductCase(m: m, n: n, k: k)
        one.transposedA = transposition & 1 != 0
        one.transposedB = transposition & 2 != 0
        let kinds: [ElementKind] = [.f32, .bf16, .f16]
        one.kindA = kinds[(index + transposition) % 3]
        one.kindB = kinds[(index + transposition / 2 + 1) % 3]
        one.margin = (index + transposition) % 3
        one.scale = transposition == 1 ? -0.5 : 1
        one.accumulate = transposition >= 2
        one.biased = transposition % 2 == 1
        made.append(one)
        one.precision = .bf16
        made.append(one)
      }
    }
    return made
  }()

  @Test(arguments: allLevels)
  func `every level is within the rounding of k products`(set: InstructionSet) throws {
    for one in Self.cases {
      for packed in [false, true] {
        let c = try one.product(pool: Self.pool, kernels: kernels(set), packed: packed)
        let wrong = one.firstWrong(in: c)
        #expect(wrong == nil, "\(one), packed \(packed)")
      }
    }
  }
}
