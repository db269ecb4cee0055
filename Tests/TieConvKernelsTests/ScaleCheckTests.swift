// Laws of the scale check.

import Testing
import TieConvKernels

@Suite struct ScaleCheckTests {
  static let sets = InstructionSet.allCases.filter { KernelSet($0) != nil }

  @Test(arguments: sets)
  func `the first element outside the tolerance is found`(set: InstructionSet) throws {
    let check = ScaleCheck(factor: 3, relativeTolerance: 1e-6)
    for length in lengths + [2050] {
      let e = (0..<length).map { Float($0 % 91) + 0.5 }
      let w = e.map { 3 * $0 }
      let x = Shifted(bytes(e), by: 1)
      let exact = Shifted(bytes(w), by: 3)
      #expect(
        try check.firstMismatch(
          embedding: x, .f32, head: exact, .f32, kernels: kernels(set)) == nil)
      for position in stride(from: 0, to: length, by: length > 300 ? 31 : 1) {
        var changed = w
        changed[position] *= 1.00001
        changed[length - 1] = .nan
        let y = Shifted(bytes(changed), by: position % 4)
        #expect(
          try check.firstMismatch(
            embedding: x, .f32, head: y, .f32, kernels: kernels(set)) == position)
        let doubles = Shifted(bytes(changed.map { Double($0) }), by: position % 4)
        #expect(
          try check.firstMismatch(
            embedding: x, .f32, head: doubles, .f64, kernels: kernels(set)) == position)
      }
    }
  }

  @Test(arguments: sets)
  func `special values match only their like`(set: InstructionSet) throws {
    let inf = Float.infinity
    let cases: [(e: Float, w: Float, matches: Bool)] = [
      (.nan, .nan, true), (1, .nan, false), (.nan, 2, false), (inf, inf, true),
      (inf, -inf, false), (1, inf, false), (inf, 2, false), (0, -0.0, true), (1, 2, true),
    ]
    let check = ScaleCheck(factor: 2, relativeTolerance: 0.01, absoluteTolerance: 0.01)
    for (e, w, matches) in cases {
      // 64 copies reach the vector body.
      for count in [1, 64] {
        let x = bytes([Float](repeating: e, count: count))
        let y = bytes([Float](repeating: w, count: count))
        let found = try check.firstMismatch(
          embedding: x.block, .f32, head: y.block, .f32, kernels: kernels(set))
        #expect(found == (matches ? nil : 0), "\(e) \(w)")
      }
    }
  }
}
