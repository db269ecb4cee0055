// Laws of the row kernels: every level against the definition in F64.

import Testing
import TieConvKernels

@Suite struct RowKernelTests {
  static let counts = [1, 2, 15, 16, 17, 33, 64, 100, 577]
  /// Roundings of a few operations on values up to the size that each test names, in 2^-24.
  static let few = 8.0

  static func rows(_ set: InstructionSet) throws -> RowKernels { RowKernels(try kernels(set)) }

  /// What a kernel makes of copies of the targets, on a level.
  static func results(
    _ set: InstructionSet, _ targets: [[Float]],
    _ body: (RowKernels, [UnsafeMutableBufferPointer<Float>]) throws -> Void
  ) throws -> [[Float]] {
    let copies = unsafe targets.map { row in
      let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: row.count)
      _ = unsafe copy.initialize(from: row)
      return unsafe copy
    }
    defer { unsafe copies.forEach { unsafe $0.deallocate() } }
    try unsafe body(rows(set), copies)
    return unsafe copies.map { unsafe Array($0) }
  }

  /// The distance of a level from the definition, in 2^-24 of `size`.
  static func far(
    _ set: InstructionSet, _ targets: [[Float]], size: Double,
    _ body: (RowKernels, [UnsafeMutableBufferPointer<Float>]) throws -> Void
  ) throws -> Double {
    let found = try unsafe results(set, targets, body)
    let expected = try unsafe results(.scalar, targets, body)
    return zip(found, expected).reduce(0) { max($0, distance($1.0, $1.1, size: size)) }
  }

  static func row(_ target: UnsafeMutableBufferPointer<Float>) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(target)
  }

  @Test(arguments: levels, counts)
  func `normalisation and its gradient`(set: InstructionSet, n: Int) throws {
    let targets = (0..<6).map { randomFloats(n, seed: UInt64($0)) }
    // A sum of n terms in 16 lanes rounds n/16 + 5 times; results reach 2·2·√n.
    let size = 16.0 * Double(n).squareRoot() * (1 + Double(n) / 64)
    let rms = try unsafe Self.far(set, targets, size: size) { kernels, t in
      let (x, w, d) = unsafe (Self.row(t[0]), Self.row(t[1]), Self.row(t[2]))
      let r = try unsafe kernels.rmsNorm(x, weight: w, epsilon: 1e-5, offset: 1, into: t[3])
      try unsafe kernels.rmsNormGradient(
        x, weight: w, dy: d, r: r, offset: 1, dx: t[4], dWeight: t[5])
    }
    #expect(rms <= Self.few)
    guard n > 2 else { return }  // Of one or two elements the variance may cancel to nothing.
    let layer = try unsafe Self.far(set, targets + [targets[2]], size: size) { kernels, t in
      let (x, w, d) = unsafe (Self.row(t[0]), Self.row(t[1]), Self.row(t[2]))
      let (mean, r) = try unsafe kernels.layerNorm(
        x, weight: w, bias: d, epsilon: 1e-5, into: t[3])
      try unsafe kernels.layerNormGradient(
        x, weight: w, dy: d, mean: mean, r: r, dx: t[4], dWeight: t[5], dBias: t[6])
    }
    #expect(layer <= Self.few)
  }

  @Test(arguments: levels)
  func `exponentials are within two units in the last place`(set: InstructionSet) throws {
    let x = (0..<60_000).map { Float(-87.3) + Float($0) * 0.002934 }
    let found = try unsafe Self.results(set, [x]) { kernels, t in
      _ = try unsafe kernels.exponentials(Self.row(t[0]), shift: 0, into: t[0])
    }[0]
    let expected = try unsafe Self.results(.scalar, [x]) { kernels, t in
      _ = try unsafe kernels.exponentials(Self.row(t[0]), shift: 0, into: t[0])
    }[0]
    let worst = zip(found, expected).map { abs($0 - $1) / $1.ulp }.max()
    #expect(try #require(worst) <= 2)
    let special: [Float] = [-.infinity, .infinity, .nan, -200, 100, 0, -0.0]
    let limits = try unsafe Self.results(set, [special]) { kernels, t in
      _ = try unsafe kernels.exponentials(Self.row(t[0]), shift: 0, into: t[0])
    }[0]
    #expect(limits[2].isNaN)
    #expect(limits.filter { !$0.isNaN } == [0, .infinity, 0, .infinity, 1, 1])
  }

  @Test(arguments: levels, counts)
  func `softmax, its pieces and its gradient`(set: InstructionSet, n: Int) throws {
    let targets = (0..<3).map { randomFloats(n, -20...20, seed: UInt64($0) + 50) }
    let far = try unsafe Self.far(set, targets, size: 64) { kernels, t in
      try unsafe kernels.softmax(t[0], scale: 0.5)
      let dot = try unsafe kernels.dot(Self.row(t[0]), Self.row(t[1]))
      try unsafe kernels.softmaxGradient(
        Self.row(t[0]), dp: Self.row(t[1]), dot: dot, scale: 0.5, dx: t[2])
    }
    #expect(far <= Self.few)
    try unsafe withRow(targets[0]) { x in
      let kernels = try Self.rows(set)
      let most = unsafe kernels.maximum(x)
      #expect(most == targets[0].max())
      var y = targets[0]
      let sum = try unsafe withRow(&y) { try unsafe kernels.exponentials(x, shift: most, into: $0) }
      #expect(unsafe kernels.exponentialSum(x, shift: most) == sum)
      #expect(abs(Double(sum) - y.reduce(0) { $0 + Double($1) }) <= 1e-6 * Double(sum))
    }
  }

  @Test(arguments: levels)
  func `the maximum of a row with a NaN is a NaN`(set: InstructionSet) throws {
    let kernels = try Self.rows(set)
    for place in 0..<40 {
      var x = randomFloats(40, seed: 3)
      x[place] = .nan
      #expect(unsafe withRow(x) { unsafe kernels.maximum($0) }.isNaN)
    }
    #expect(unsafe withRow([]) { unsafe kernels.maximum($0) } == -.infinity)
  }

  @Test(arguments: levels, Activation.allCases)
  func `activations and their slopes`(set: InstructionSet, activation: Activation) throws {
    for n in Self.counts {
      let targets = (0..<6).map { randomFloats(n, -12...12, seed: UInt64($0) + 9) }
      // Products of three values up to 12, each within a few roundings.
      let far = try unsafe Self.far(set, targets, size: 12 * 12) { kernels, t in
        let (gate, up, d) = unsafe (Self.row(t[0]), Self.row(t[1]), Self.row(t[2]))
        try unsafe kernels.activate(activation, gate: gate, up: up, into: t[3])
        try unsafe kernels.activationGradient(
          activation, gate: gate, up: up, dy: d, dGate: t[4], dUp: t[5])
      }
      #expect(far <= Self.few)
    }
  }

  @Test(arguments: levels, counts)
  func `rotation, the soft cap and sums of rows`(set: InstructionSet, n: Int) throws {
    let targets = (0..<3).map { randomFloats(n, seed: UInt64($0) + 20) }
    let far = try unsafe Self.far(set, targets, size: 8) { kernels, t in
      let (x, y) = unsafe (Self.row(t[0]), Self.row(t[1]))
      try unsafe kernels.softCap(x, cap: 1.5, into: t[2])
      try unsafe kernels.softCapGradient(capped: Self.row(t[2]), dy: y, cap: 1.5, dx: t[2])
      try unsafe kernels.add(x, times: -0.3, to: t[2])
      try unsafe kernels.addProduct(x, y, to: t[2])
      try unsafe kernels.multiply(Self.row(t[2]), by: 0.7, into: t[2])
      try unsafe kernels.multiply(Self.row(t[2]), y, into: t[1])
    }
    #expect(far <= Self.few)
    for pairs in [RowKernels.RotaryPairs.halves, .adjacent] {
      let wide = [randomFloats(2 * n, seed: 1), targets[0], targets[1]]
      let far = try unsafe Self.far(set, wide, size: 8) { kernels, t in
        try unsafe kernels.rotate(
          t[0], cosines: Self.row(t[1]), sines: Self.row(t[2]), pairs: pairs, inverse: n % 2 == 0)
      }
      #expect(far <= Self.few)
    }
  }

  @Test(arguments: levels, counts)
  func `a step of AdamW`(set: InstructionSet, n: Int) throws {
    let targets = [
      randomFloats(n, seed: 1), randomFloats(n, seed: 2), randomFloats(n, 0.1...1, seed: 3),
      randomFloats(n, seed: 4),
    ]
    for number in [1, 2, 1000] {
      let step = AdamWStep(rate: 0.01, decay: 0.1, number: number)
      let far = try unsafe Self.far(set, targets, size: 4) { kernels, t in
        try unsafe kernels.adamW(
          t[0], first: t[1], second: t[2], gradient: Self.row(t[3]), gradientScale: 0.5,
          step: step)
      }
      #expect(far <= Self.few)
    }
  }

  @Test func `rows of unequal counts are refused`() throws {
    let targets = [randomFloats(4, seed: 1), randomFloats(5, seed: 2)]
    _ = try unsafe Self.results(.scalar, targets) { kernels, t in
      let x = unsafe Self.row(t[0])
      #expect(throws: KernelError.unequalCounts(4, 5)) { try unsafe kernels.add(x, to: t[1]) }
      #expect(throws: KernelError.unequalCounts(4, 5)) {
        try unsafe kernels.rmsNorm(x, weight: Self.row(t[1]), epsilon: 0, into: t[0])
      }
      #expect(throws: KernelError.unequalCounts(5, 4)) {
        try unsafe kernels.rotate(t[1], cosines: x, sines: x)
      }
    }
  }
}
