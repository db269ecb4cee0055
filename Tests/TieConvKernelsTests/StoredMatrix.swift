// Seeded factors for the product tests.

import TieConvKernels

/// A stored matrix of some kind with a margin right of every row, or one that is transposed.
struct StoredMatrix {
  let kind: ElementKind
  let rows: Int
  let columns: Int
  let stride: Int
  let transposed: Bool
  var storage: Shifted
  /// The factor's values, row by row, as F64.
  let values: [Double]

  /// A factor of `rows` × `columns`.
  init(
    _ rows: Int, _ columns: Int, kind: ElementKind, transposed: Bool, margin: Int = 0,
    seed: UInt64
  ) {
    self.kind = kind
    self.rows = transposed ? columns : rows
    self.columns = transposed ? rows : columns
    stride = self.columns + margin
    self.transposed = transposed
    var generator = SplitMix(state: seed)
    var content: [UInt8] = []
    var stored: [Double] = []
    for _ in 0..<(self.rows * stride) {
      let value = Float.random(in: -1...1, using: &generator)
      switch kind {
      case .f32:
        content += bytes([value])
        stored.append(Double(value))
      case .bf16:
        let bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
        content += bytes([bits])
        stored.append(Double(Float(bitPattern: UInt32(bits) << 16)))
      default:
        // Small integers over 64 are exact in F16: exponent 15, and whole sixty-fourths.
        let whole = Int((value * 60).rounded())
        let half = Float(whole) / 64
        content += bytes([Self.halfBits(half)])
        stored.append(Double(half))
      }
    }
    storage = Shifted(content, by: 1)
    var values: [Double] = []
    for i in 0..<rows {
      for j in 0..<columns { values.append(stored[transposed ? j * stride + i : i * stride + j]) }
    }
    self.values = values
  }

  private static func halfBits(_ value: Float) -> UInt16 {
    guard value != 0 else { return 0 }
    let bits = value.bitPattern
    let exponent = UInt16((bits >> 23 & 0xFF) - 112)
    return UInt16(bits >> 16 & 0x8000) | exponent << 10 | UInt16(bits >> 13 & 0x3FF)
  }

  /// Replaces one element of the factor; the values stay as they were.
  mutating func set(row: Int, column: Int, to value: Float) {
    let index = transposed ? column * stride + row : row * stride + column
    var content = Array(storage.storage.dropFirst(storage.offset))
    content.replaceSubrange(4 * index..<4 * index + 4, with: bytes([value]))
    storage = Shifted(content, by: storage.offset)
  }

  func withOperand<Result>(_ body: (MatrixOperand) throws -> Result) throws -> Result {
    try storage.withSpan { span in
      try unsafe span.withUnsafeBytes { bytes in
        try body(
          unsafe MatrixOperand(
            bytes, kind: kind, rows: rows, columns: columns, rowStride: stride,
            transposed: transposed))
      }
    }
  }
}
