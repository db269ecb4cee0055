// Laws of row permutations: each is undone by its inverse, and none loses a row.

import Testing

@testable import TieConv

@Suite struct RowLayoutTests {
  private static func order(_ transform: TensorTransform, rows: Int) throws -> [Int] {
    var layout = RowLayout(rows: rows)
    let fits = layout.apply(transform)
    try #require(fits)
    var order: [Int] = []
    while order.count < layout.rows {
      let run = layout.run(at: order.count)
      for place in 0..<run.count { order.append(run.source + place) }
    }
    return order
  }

  @Test(arguments: [(1, 2), (2, 4), (3, 8), (9, 64)])
  func interleavingHalvesIsWhatTheConverterDoes(heads: Int, width: Int) throws {
    let rows = heads * width
    let transform = try #require(TensorTransform.interleavedHalves(heads: heads, rows: rows))
    // reshape(heads, 2, width / 2).swapaxes(1, 2), written out.
    var expected: [Int] = []
    for head in 0..<heads {
      for place in 0..<width / 2 {
        expected.append(head * width + place)
        expected.append(head * width + width / 2 + place)
      }
    }
    #expect(try Self.order(transform, rows: rows) == expected)
  }

  @Test(arguments: [(1, 3), (2, 6), (4, 48)])
  func partingByKindPutsAllQueriesFirst(heads: Int, rows: Int) throws {
    let transform = try #require(TensorTransform.partedByKind(heads: heads, rows: rows * heads))
    let width = rows / 3
    var expected: [Int] = []
    for kind in 0..<3 {
      for head in 0..<heads {
        for place in 0..<width { expected.append((head * 3 + kind) * width + place) }
      }
    }
    #expect(try Self.order(transform, rows: rows * heads) == expected)
  }

  @Test func everyPermutationIsUndoneByItsInverse() throws {
    for (outer, first, second, inner) in [(1, 2, 3, 1), (3, 2, 5, 2), (2, 4, 4, 3), (5, 1, 7, 2)] {
      let rows = outer * first * second * inner
      let transform = TensorTransform.swapRows(
        outer: outer, first: first, second: second, inner: inner)
      let forward = try Self.order(transform, rows: rows)
      let back = try Self.order(try #require(transform.inverse), rows: rows)
      #expect(forward.sorted() == Array(0..<rows))
      #expect(back.map { forward[$0] } == Array(0..<rows))
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    var layout = RowLayout(rows: 12)
    let transforms: [TensorTransform] = [
      .swapRows(outer: 2, first: 2, second: 2, inner: 2), .rows(0..<13), .transpose, .add(1),
    ]
    for transform in transforms {
      let fits = layout.apply(transform)
      #expect(!fits)
    }
    #expect(TensorTransform.interleavedHalves(heads: 5, rows: 12) == nil)
    #expect(TensorTransform.interleavedHalves(heads: 0, rows: 12) == nil)
    #expect(TensorTransform.partedByKind(heads: 5, rows: 12) == nil)
  }
}
