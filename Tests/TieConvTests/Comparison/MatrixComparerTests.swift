// What the comparison says of matrices whose relation is known.

import Foundation
import Testing
import TieConvIO

@testable import TieConv

@Suite struct MatrixComparerTests {
  /// Compares two lists of numbers, stored as `dtypes`, as matrices of `columns`.
  private func compare(
    _ one: [Float], _ other: [Float], columns: Int, _ dtypes: (DType, DType) = (.f32, .f32),
    otherShape: [UInt64]? = nil, threads: Int = 2
  ) throws -> MatrixComparison {
    let folder = try TemporaryFolder()
    let rows = one.count / columns
    let shape: [UInt64] = [UInt64(rows), UInt64(columns)]
    let parts = [
      ("e", dtypes.0, shape, bytes(one, dtypes.0)),
      (
        "w", dtypes.1, otherShape ?? [UInt64(other.count / columns), UInt64(columns)],
        bytes(other, dtypes.1)
      ),
    ]
    var offset = 0
    let entries = parts.map { name, dtype, shape, bytes in
      defer { offset += bytes.count }
      return "\"\(name)\":{\"dtype\":\"\(dtype.rawValue)\",\"shape\":\(shape),"
        + "\"data_offsets\":[\(offset),\(offset + bytes.count)]}"
    }
    var file = SafetensorsHeaderEdit.framed(Array("{\(entries.joined(separator: ","))}".utf8))
    for part in parts { file += part.3 }
    let path = folder.path + "/m.safetensors"
    try Data(file).write(to: URL(fileURLWithPath: path))
    let shard = try Shard(name: "m", path: path)
    let infos = Dictionary(uniqueKeysWithValues: shard.tensors.map { ($0.name, $0) })
    let e = try #require(infos["e"])
    let w = try #require(infos["w"])
    let pair = try #require(MatrixPair(embedding: (shard, e), head: (shard, w)))
    return try MatrixComparer(pair: pair, options: ExecutionOptions(threads: threads)).comparison()
  }

  private func bytes(_ numbers: [Float], _ dtype: DType) -> [UInt8] {
    numbers.flatMap { number -> [UInt8] in
      switch dtype {
      case .bf16: (0..<2).map { UInt8(truncatingIfNeeded: bf16(number) >> (8 * $0)) }
      case .f64:
        (0..<8).map { UInt8(truncatingIfNeeded: Double(number).bitPattern >> (8 * $0)) }
      default: (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
      }
    }
  }

  /// Round to nearest even; no NaN comes here.
  private func bf16(_ number: Float) -> UInt32 {
    let bits = number.bitPattern
    return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
  }

  private func rounded(_ numbers: [Float]) -> [Float] {
    numbers.map { Float(bitPattern: bf16($0) << 16) }
  }

  private func numbers(_ count: Int, _ seed: UInt64) -> [Float] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in Float(Int(random.next() % 20001) - 10000) / 4096 + 0.001 }
  }

  @Test("equal matrices are equal, whatever their size", arguments: [(1, 1), (7, 3), (5000, 64)])
  func equal(_ rows: Int, _ columns: Int) throws {
    let e = numbers(rows * columns, 1)
    let found = try compare(e, e, columns: columns)
    #expect(found.isEqual && found.maxAbsDiff == 0 && found.differingRows.count == 0)
  }

  @Test("each row that differs is named, and no other", arguments: [1, 3, 17, 1000])
  func rows(_ step: Int) throws {
    let columns = 96
    let e = numbers(9000 * columns, 2)
    var w = e
    let changed = Array(stride(from: step - 1, to: 9000, by: step))
    for row in changed { w[row * columns + row % columns] += 0.5 }
    for threads in [1, 2, 5] {
      let found = try compare(e, w, columns: columns, threads: threads)
      #expect(found.differingRows.count == changed.count)
      #expect(found.differingRows.ranges.flatMap { Array($0) } == changed)
      #expect(abs((found.maxAbsDiff ?? 0) - 0.5) < 1e-3)
    }
  }

  @Test("a cast that loses nothing is told from one that rounds")
  func casts() throws {
    let e = numbers(640, 3)
    #expect(try compare(rounded(e), rounded(e), columns: 8, (.bf16, .f32)).cast == .exact(.f32))
    #expect(try compare(e, e, columns: 8, (.f32, .bf16)).cast == .rounded(.bf16))
    #expect(try compare(e, e, columns: 8, (.f32, .f64)).cast == .exact(.f64))
    var other = e
    other[5] += 1
    #expect(try compare(e, other, columns: 8, (.f32, .bf16)).cast == nil)
  }

  @Test("signs of zero are the same numbers, not the same bytes")
  func zeros() throws {
    let found = try compare([0, 1, 2, 3], [-0.0, 1, 2, 3], columns: 2)
    #expect(!found.isEqual && found.cast == .sameNumbers && found.differingRows.count == 1)
  }

  @Test("NaN against a number is an infinite difference")
  func nan() throws {
    let found = try compare([0, 1, 2, 3], [0, .nan, 2, 3], columns: 2)
    #expect(found.maxAbsDiff == .infinity && found.cast == nil)
  }

  @Test("one factor is found", arguments: [0.5, -1, 27.7128129, 0.0441941738, 3.3])
  func scale(_ factor: Double) throws {
    let e = numbers(64 * 768, 4)
    let w = e.map { Float(Double($0) * factor) }
    let measured = try compare(e, w, columns: 768)
    let found = try #require(measured.scale)
    #expect(abs(found - factor) < 1e-4 * abs(factor))
    let b = rounded(e)
    let coarse = try compare(
      b, rounded(b.map { Float(Double($0) * factor) }), columns: 768, (.bf16, .bf16))
    #expect(abs((coarse.scale ?? 0) - factor) < 1e-3 * abs(factor))
  }

  @Test("noise, and one row that is off, are no factor")
  func noScale() throws {
    let e = numbers(64 * 64, 5)
    #expect(try compare(e, numbers(64 * 64, 6), columns: 64).scale == nil)
    var w = e.map { $0 * 2 }
    w[100] += 0.1
    #expect(try compare(e, w, columns: 64).scale == nil)
  }

  @Test("a transposed head is recognised", arguments: [(300, 7), (7, 300), (64, 64)])
  func transposed(_ rows: Int, _ columns: Int) throws {
    let e = numbers(rows * columns, 7)
    let w = (0..<columns).flatMap { column in (0..<rows).map { e[$0 * columns + column] } }
    let found = try compare(
      e, w, columns: columns, otherShape: [UInt64(columns), UInt64(rows)])
    #expect(found.isEqual && found.orientation == .transposed)
    var off = w
    off[off.count - 1] += 1
    let other = try compare(
      e, off, columns: columns, otherShape: [UInt64(columns), UInt64(rows)])
    #expect(!other.isEqual)
  }

  @Test("common rows are compared where one side has more")
  func padded() throws {
    let e = numbers(10 * 4, 8)
    let found = try compare(e, e + [0, 0, 0, 0], columns: 4)
    #expect(found.rows == (embedding: 10, head: 11) && found.differingRows.count == 0)
    #expect(!found.isEqual)
  }
}
