// What the product's face promises: batches, and refusals.

import Testing
import TieConvKernels

@Suite struct MatrixProductFaceTests {
  static let pool = ThreadPool(threads: 2)

  @Test(arguments: [1, 2, 9])
  func `a batch gives the bits of one call each`(count: Int) throws {
    let cases = (0..<count).map { ProductCase(m: 3 + $0, n: 20, k: 30) }
    for one in cases {
      let expected = try one.product(pool: Self.pool)
      var c = one.initial
      var d = one.initial
      try one.a.withOperand { a in
        try one.b.withOperand { b in
          try unsafe c.withUnsafeMutableBufferPointer { c in
            try unsafe d.withUnsafeMutableBufferPointer { d in
              let items = try [
                unsafe BatchedProduct(a, b, into: c), unsafe BatchedProduct(a, b, into: d),
              ]
              MatrixProduct.multiply(items, pool: Self.pool)
            }
          }
        }
      }
      #expect(c == expected)
      #expect(d == expected)
    }
  }

  @Test func `bytes that do not hold the matrix are refused`() throws {
    let bytes = [UInt8](repeating: 0, count: 24)
    try unsafe bytes.withUnsafeBytes { p in
      #expect(throws: KernelError.outsideBlock(bytes: 6)) {
        try unsafe MatrixOperand(p, kind: .f32, rows: 2, columns: 3, rowStride: 4)
      }
      #expect(throws: KernelError.outsideBlock(bytes: 6)) {
        try unsafe MatrixOperand(p, kind: .f32, rows: 2, columns: 3, rowStride: 2)
      }
      #expect(throws: KernelError.outsideBlock(bytes: 6)) {
        try unsafe MatrixOperand(p, kind: .f32, rows: -1, columns: 3)
      }
      #expect(throws: KernelError.outsideBlock(bytes: 6)) {
        try unsafe MatrixOperand(p, kind: .f32, rows: Int.max, columns: 3)
      }
      #expect(throws: KernelError.noProduct(.f64)) {
        try unsafe MatrixOperand(p, kind: .f64, rows: 1, columns: 3)
      }
      let a = try unsafe MatrixOperand(p, kind: .f32, rows: 2, columns: 3)
      #expect((a.rows, a.columns) == (2, 3))
      #expect((a.transposed.rows, a.transposed.columns) == (3, 2))
    }
  }

  @Test func `factors and targets that do not fit are refused`() throws {
    let floats: [Float] = [1, 2, 3, 4, 5, 6]
    var target: [Float] = [0, 0, 0, 0]
    try unsafe floats.withUnsafeBufferPointer { p in
      try unsafe target.withUnsafeMutableBufferPointer { c in
        let a = try unsafe MatrixOperand(p, rows: 2, columns: 3)
        #expect(throws: KernelError.unequalExtents(3, 2)) {
          try unsafe MatrixProduct.multiply(a, a, into: c, pool: Self.pool)
        }
        #expect(throws: KernelError.outsideBlock(bytes: 4)) {
          try unsafe MatrixProduct.multiply(a.transposed, a, into: c, pool: Self.pool)
        }
        #expect(throws: KernelError.outsideBlock(bytes: 4)) {
          try unsafe MatrixProduct.multiply(a, a.transposed, into: c, stride: 3, pool: Self.pool)
        }
        #expect(throws: KernelError.unequalExtents(6, 2)) {
          try unsafe MatrixProduct.multiply(
            a, a.transposed, into: c, epilogue: .bias(p), pool: Self.pool)
        }
        try unsafe MatrixProduct.multiply(a, a.transposed, into: c, pool: Self.pool)
      }
    }
    #expect(target == [14, 32, 32, 77])
  }
}
