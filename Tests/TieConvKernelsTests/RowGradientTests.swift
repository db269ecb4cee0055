// The gradients of the row kernels' definitions against differences of their values.

import Testing
import TieConvKernels

@Suite struct RowGradientTests {
  typealias Row = [Float]

  let kernels: RowKernels
  let x = randomFloats(7, seed: 1)
  let w = randomFloats(7, seed: 2)
  let d = randomFloats(7, seed: 3)
  let none = Row(repeating: 0, count: 7)

  init() throws { kernels = RowKernels(try TieConvKernelsTests.kernels(.scalar)) }

  /// Whether `gradient` is that of Σ d·f at `x`: central differences of a step h = 2^-7 err by h²
  /// times a third derivative, and by the values' rounding over h, both below 2e-3 here.
  func isGradient(_ gradient: Row, at x: Row, of f: (Row) throws -> Row) rethrows -> Bool {
    for index in x.indices {
      let step: Float = 0x1p-7
      var (low, high) = (x, x)
      low[index] -= step
      high[index] += step
      let change = try zip(zip(f(high), f(low)), d).reduce(0.0) { sum, pair in
        sum + (Double(pair.0.0) - Double(pair.0.1)) * Double(pair.1)
      }
      let slope = change / Double(high[index] - low[index])
      guard abs(slope - Double(gradient[index])) <= 2e-3 * max(1, abs(slope)) else { return false }
    }
    return true
  }

  /// A target row after a kernel wrote to it.
  func written(
    _ row: Row, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows -> Row {
    var copy = row
    try unsafe copy.withUnsafeMutableBufferPointer { try unsafe body($0) }
    return copy
  }

  func rms(_ x: Row, _ w: Row) throws -> Row {
    try unsafe x.withUnsafeBufferPointer { x in
      try unsafe w.withUnsafeBufferPointer { w in
        try unsafe written(none) {
          _ = try unsafe kernels.rmsNorm(x, weight: w, epsilon: 1e-3, offset: 1, into: $0)
        }
      }
    }
  }

  @Test func `RMSNorm`() throws {
    var dw = none
    let dx = try unsafe x.withUnsafeBufferPointer { x in
      try unsafe w.withUnsafeBufferPointer { w in
        try unsafe d.withUnsafeBufferPointer { d in
          var r: Float = 0
          _ = try unsafe written(none) {
            r = try unsafe kernels.rmsNorm(x, weight: w, epsilon: 1e-3, offset: 1, into: $0)
          }
          return try unsafe dw.withUnsafeMutableBufferPointer { dw in
            try unsafe written(none) {
              try unsafe kernels.rmsNormGradient(
                x, weight: w, dy: d, r: r, offset: 1, dx: $0, dWeight: dw)
            }
          }
        }
      }
    }
    #expect(try isGradient(dx, at: x) { try rms($0, w) })
    #expect(try isGradient(dw, at: w) { try rms(x, $0) })
    #expect(try !isGradient(dw, at: x) { try rms($0, w) })
  }

  func layer(_ x: Row, _ w: Row) throws -> Row {
    try unsafe x.withUnsafeBufferPointer { x in
      try unsafe w.withUnsafeBufferPointer { w in
        try unsafe written(none) {
          _ = try unsafe kernels.layerNorm(x, weight: w, bias: w, epsilon: 1e-3, into: $0)
        }
      }
    }
  }

  @Test func `LayerNorm`() throws {
    var dw = none
    var db = none
    let dx = try unsafe x.withUnsafeBufferPointer { x in
      try unsafe w.withUnsafeBufferPointer { w in
        try unsafe d.withUnsafeBufferPointer { d in
          var (mean, r): (Float, Float) = (0, 0)
          _ = try unsafe written(none) {
            (mean, r) = try unsafe kernels.layerNorm(
              x, weight: w, bias: nil, epsilon: 1e-3, into: $0)
          }
          return try unsafe dw.withUnsafeMutableBufferPointer { dw in
            try unsafe db.withUnsafeMutableBufferPointer { db in
              try unsafe written(none) {
                try unsafe kernels.layerNormGradient(
                  x, weight: w, dy: d, mean: mean, r: r, dx: $0, dWeight: dw, dBias: db)
              }
            }
          }
        }
      }
    }
    #expect(try isGradient(dx, at: x) { try layer($0, w) })
    // The weight stands in for the bias too, so both paths add.
    #expect(try isGradient(zip(dw, db).map(+), at: w) { try layer(x, $0) })
  }

  @Test(arguments: Activation.allCases)
  func `activations`(activation: Activation) throws {
    func value(_ gate: Row, _ up: Row) throws -> Row {
      try unsafe gate.withUnsafeBufferPointer { gate in
        try unsafe up.withUnsafeBufferPointer { up in
          try unsafe written(none) {
            try unsafe kernels.activate(activation, gate: gate, up: up, into: $0)
          }
        }
      }
    }
    var dup = none
    let dgate = try unsafe x.withUnsafeBufferPointer { x in
      try unsafe w.withUnsafeBufferPointer { w in
        try unsafe d.withUnsafeBufferPointer { d in
          try unsafe dup.withUnsafeMutableBufferPointer { dup in
            try unsafe written(none) {
              try unsafe kernels.activationGradient(
                activation, gate: x, up: w, dy: d, dGate: $0, dUp: dup)
            }
          }
        }
      }
    }
    #expect(try isGradient(dgate, at: x) { try value($0, w) })
    #expect(try isGradient(dup, at: w) { try value(x, $0) })
  }

  @Test func `the soft cap and softmax`() throws {
    func capped(_ x: Row) throws -> Row {
      try unsafe x.withUnsafeBufferPointer { x in
        try unsafe written(none) { try unsafe kernels.softCap(x, cap: 1.5, into: $0) }
      }
    }
    func softmax(_ x: Row) throws -> Row {
      try unsafe written(x) { _ = try unsafe kernels.softmax($0, scale: 0.5) }
    }
    let (y, p) = (try capped(x), try softmax(x))
    try unsafe d.withUnsafeBufferPointer { d in
      let cap = try unsafe y.withUnsafeBufferPointer { y in
        try unsafe written(none) {
          try unsafe kernels.softCapGradient(capped: y, dy: d, cap: 1.5, dx: $0)
        }
      }
      #expect(try isGradient(cap, at: x, of: capped))
      let soft = try unsafe p.withUnsafeBufferPointer { p in
        let dot = try unsafe kernels.dot(p, d)
        return try unsafe written(none) {
          try unsafe kernels.softmaxGradient(p, dp: d, dot: dot, scale: 0.5, dx: $0)
        }
      }
      #expect(try isGradient(soft, at: x, of: softmax))
    }
  }
}
