// Laws of computed tensors: any part that is read is that part of the whole, and no number becomes
// an infinity.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct ConvertedTensorTests {
  /// rows × columns numbers, each its own place, as F32.
  private static func tensor(
    _ rows: Int, _ columns: Int, _ transforms: [TensorTransform], to dtype: DType,
    scale: Float = 1
  ) throws -> ConvertedTensor {
    let values = (0..<rows * columns).map { Float($0) * scale }
    var layout = RowLayout(rows: rows)
    var isTransposed = false
    var addend: Float = 0
    for transform in transforms {
      switch transform {
      case .transpose: isTransposed = true
      case .add(let constant): addend += constant
      default:
        let fits = layout.apply(transform)
        try #require(fits)
      }
    }
    return try #require(
      ConvertedTensor(
        name: "t",
        parts: [.init(source: NumberSource("t", values), offset: 0, rows: rows)],
        columns: columns, layout: layout, isTransposed: isTransposed,
        cast: ElementCast(source: .f32, target: dtype, addend: addend, name: "t")))
  }

  private static func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { place in
      var bits: UInt32 = 0
      for byte in bytes[place..<place + 4].reversed() { bits = bits << 8 | UInt32(byte) }
      return Float(bitPattern: bits)
    }
  }

  @Test func transposingTurnsColumnsIntoRows() throws {
    let tensor = try Self.tensor(5, 3, [.transpose], to: .f32)
    let found = Self.floats(try tensor.bytes(in: 0..<tensor.size))
    var expected: [Float] = []
    for column in 0..<3 {
      for row in 0..<5 { expected.append(Float(row * 3 + column)) }
    }
    #expect(found == expected)
  }

  @Test func aConstantIsAdded() throws {
    let tensor = try Self.tensor(4, 1, [.add(1)], to: .f32)
    #expect(Self.floats(try tensor.bytes(in: 0..<tensor.size)) == [1, 2, 3, 4])
  }

  @Test(arguments: [DType.f32, .bf16, .f16])
  func everyPartIsThatPartOfTheWhole(dtype: DType) throws {
    let chains: [[TensorTransform]] = [
      [], [.transpose], [.rows(3..<11)], [.add(0.5)],
      [.swapRows(outer: 2, first: 2, second: 3, inner: 1)],
      [.swapRows(outer: 1, first: 3, second: 2, inner: 2), .add(-1)],
    ]
    for chain in chains {
      let tensor = try Self.tensor(12, 7, chain, to: dtype)
      let whole = try tensor.bytes(in: 0..<tensor.size)
      for start in stride(from: 0, to: tensor.size, by: 5) {
        for count in [1, 2, 3, 13, 40] where start + count <= tensor.size {
          #expect(
            try tensor.bytes(in: start..<start + count) == Array(whole[start..<start + count]))
        }
      }
      #expect(throws: IOFailure.self) { try tensor.bytes(in: 0..<tensor.size + 1) }
    }
  }

  @Test func aNumberBeyondTheTargetIsAnErrorThatNamesTheTensor() throws {
    let tensor = try Self.tensor(1, 3, [], to: .f16, scale: 40000)
    #expect {
      try tensor.bytes(in: 0..<tensor.size)
    } throws: { error in
      let failure = error as? IOFailure
      return failure?.reason == .unrepresentable && failure?.path == "t"
    }
    // The largest number that F16 holds does pass.
    let edge = try Self.tensor(1, 2, [], to: .f16, scale: 65504)
    #expect(try edge.bytes(in: 0..<4) == [0, 0, 0xFF, 0x7B])
  }

  @Test func infinitiesAndNaNsStayWhatTheyAre() throws {
    let source = NumberSource("t", [.infinity, -.infinity, .nan, 1])
    let tensor = try #require(
      ConvertedTensor(
        name: "t", parts: [.init(source: source, offset: 0, rows: 4)], columns: 1,
        layout: RowLayout(rows: 4), isTransposed: false,
        cast: ElementCast(source: .f32, target: .bf16, addend: 0, name: "t")))
    let bytes = try tensor.bytes(in: 0..<8)
    #expect(bytes[0..<4] == [0x80, 0x7F, 0x80, 0xFF])
    #expect(bytes[5] & 0x7F == 0x7F && bytes[4] & 0x7F != 0)
    #expect(bytes[6..<8] == [0x80, 0x3F])
  }
}
