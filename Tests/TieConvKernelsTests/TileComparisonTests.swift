// Laws of the transposed comparison and of the transposition.

import Testing
import TieConvKernels

@Suite struct TileComparisonTests {
  static let shapes = [
    (1, 1), (1, 7), (3, 2), (8, 8), (16, 16), (17, 15), (33, 64), (64, 33), (65, 130), (129, 31),
  ]
  static let sizes = [1, 2, 4, 8]

  /// The transpose by its definition, with row strides in bytes.
  static func transposed(
    _ a: [UInt8], _ rows: Int, _ columns: Int, _ size: Int, from stride: Int, to target: Int
  ) -> [UInt8] {
    var b = [UInt8](repeating: 0xEE, count: columns * target)
    for row in 0..<rows {
      for column in 0..<columns {
        for byte in 0..<size {
          b[column * target + row * size + byte] = a[row * stride + column * size + byte]
        }
      }
    }
    return b
  }

  @Test(arguments: InstructionSet.allCases.filter { KernelSet($0) != nil }, sizes)
  func `a transpose compares equal until any one element changes`(
    set: InstructionSet, size: Int
  ) throws {
    let kernels = try kernels(set)
    for (rows, columns) in Self.shapes {
      let (strideA, strideB) = (columns * size + 5, rows * size + 3)
      let a = randomBytes(rows * strideA, seed: UInt64(rows * columns))
      let b = Self.transposed(a, rows, columns, size, from: strideA, to: strideB)
      let tile = try TileComparison(rows: rows, columns: columns, elementSize: size)
      let first = Shifted(a, by: 1)
      #expect(
        try tile.firstMismatch(
          first, strideA: strideA, transposed: b.block, strideB: strideB,
          kernels: kernels) == nil)
      for element in stride(from: 0, to: rows * columns, by: rows * columns > 300 ? 37 : 1) {
        let (row, column) = (element / columns, element % columns)
        var changed = b
        changed[column * strideB + row * size + element % size] ^= 1
        // A later difference in row-major order must not hide the first.
        if row + 1 < rows { changed[(row + 1) * size] ^= 1 }
        let found = try tile.firstMismatch(
          first, strideA: strideA, transposed: changed.block, strideB: strideB,
          kernels: kernels)
        #expect(found?.row == row && found?.column == column, "\(rows)x\(columns)")
      }
    }
  }

  @Test(arguments: InstructionSet.allCases.filter { KernelSet($0) != nil }, sizes)
  func `a transposition writes every element and nothing else`(
    set: InstructionSet, size: Int
  ) throws {
    for (rows, columns) in Self.shapes {
      let (stride, targetStride) = (columns * size + 5, rows * size + 3)
      let a = randomBytes(rows * stride, seed: UInt64(rows + columns))
      let expected = Self.transposed(a, rows, columns, size, from: stride, to: targetStride)
      var target = [UInt8](repeating: 0xEE, count: columns * targetStride)
      try TileComparison(rows: rows, columns: columns, elementSize: size).transpose(
        a.block, stride: stride, into: &target, targetStride: targetStride,
        kernels: kernels(set))
      #expect(target == expected)
    }
  }

  @Test func `the first difference of a large matrix is the one in the lowest row`() throws {
    let (rows, columns) = (1500, 300)
    let a = randomBytes(rows * columns * 2, seed: 1)
    var b = Self.transposed(a, rows, columns, 2, from: columns * 2, to: rows * 2)
    b[0 * rows * 2 + 1200 * 2] ^= 1
    b[299 * rows * 2 + 1100 * 2] ^= 1
    b[5 * rows * 2 + 1101 * 2] ^= 1
    let tile = try TileComparison(rows: rows, columns: columns, elementSize: 2)
    for set in InstructionSet.allCases {
      guard let kernels = KernelSet(set) else { continue }
      let found = try tile.firstMismatch(
        a.block, strideA: columns * 2, transposed: b.block, strideB: rows * 2,
        kernels: kernels)
      #expect(found?.row == 1100 && found?.column == 299)
    }
  }

  @Test func `geometry that the bytes do not hold is refused`() throws {
    let bytes = [UInt8](repeating: 0, count: 24)
    #expect(throws: KernelError.elementSize(3)) {
      try TileComparison(rows: 1, columns: 1, elementSize: 3)
    }
    #expect(throws: KernelError.self) {
      try TileComparison(rows: .max, columns: 2, elementSize: 1)
    }
    let tile = try TileComparison(rows: 3, columns: 4, elementSize: 2)
    for (strideA, strideB) in [(8, 7), (7, 6), (9, 6), (-8, 6), (.max, 6)] {
      #expect(throws: KernelError.outsideBlock(bytes: 24)) {
        try tile.firstMismatch(
          bytes.block, strideA: strideA, transposed: bytes.block, strideB: strideB)
      }
    }
    let equal = try tile.firstMismatch(
      bytes.block, strideA: 8, transposed: bytes.block, strideB: 6)
    #expect(equal == nil)
  }
}
