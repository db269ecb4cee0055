// Byte-pair merging: three ways that must agree.

import Testing

@testable import TieConvModel

@Suite struct MergingTests {
  /// Random merges over a few symbols: all strings up to a length are tokens.
  private static func model(seed: UInt64, count: Int) -> BytePairModel {
    var random = FixedRandom(seed: seed)
    var texts: [[UInt8]] = Array("abc".utf8).map { [$0] }
    var pairs: [(Int, Int)] = []
    while pairs.count < count {
      let left = Int.random(in: 0..<texts.count, using: &random)
      let right = Int.random(in: 0..<texts.count, using: &random)
      let whole = texts[left] + texts[right]
      if whole.count > 12 || texts.contains(whole) { continue }
      pairs.append((left, right))
      texts.append(whole)
    }
    var table = TokenTable(count: 16)
    for byte in 0..<256 { table.insert([UInt8(byte)][...], id: byte) }
    for (place, text) in texts.enumerated() where text.count > 1 {
      table.insert(text[...], id: 256 + place)
    }
    let merges = pairs.enumerated().map { rank, pair in
      BytePairModel.Merge(
        left: table.id(texts[pair.0]), right: table.id(texts[pair.1]), rank: UInt32(rank),
        merged: table.id(texts[pair.0] + texts[pair.1]))
    }
    var settings = BytePairModel.Settings()
    settings.isByteLevel = true
    return BytePairModel(table: table, merges: merges, settings: settings)
  }

  @Test func theHeapMergesLikeTheScan() {
    for seed in UInt64(1)...20 {
      let model = Self.model(seed: seed, count: 40)
      var random = FixedRandom(seed: seed &* 77)
      for length in [1, 2, 3, 17, 97, 400] {
        let symbols = (0..<length).map { _ in Int32("abc".utf8.randomElement(using: &random) ?? 97)
        }
        var scan = PairMerger()
        var heap = PairMerger()
        scan.symbols = symbols
        heap.symbols = symbols
        scan.mergeByScan(model.pairs)
        heap.mergeWithHeap(model.pairs)
        #expect(scan.symbols == heap.symbols)
      }
    }
  }

  @Test func cuttingAtSeamsChangesNothing() {
    var cuts = 0
    for seed in UInt64(1)...20 {
      let model = Self.model(seed: seed, count: 3)
      #expect(model.hasSeams)
      var random = FixedRandom(seed: seed)
      let text = (0..<500).map { _ in "abcd".utf8.randomElement(using: &random) ?? 97 }
      var merger = PairMerger()
      var whole: [Int32] = []
      var parts: [Int32] = []
      model.encode(text.span, 0..<text.count, &merger, into: &whole)
      var start = 0
      while start < text.count {
        let end = model.seam(text.span, after: start, end: text.count)
        model.encode(text.span, start..<end, &merger, into: &parts)
        start = end
        cuts += 1
      }
      #expect(whole == parts)
    }
    #expect(cuts > 100)
  }

  @Test func aLongWordTakesNoLongerThanItsLength() {
    let model = Self.model(seed: 3, count: 40)
    let text = [UInt8](repeating: 0x61, count: 1 << 20)
    var merger = PairMerger()
    var ids: [Int32] = []
    let clock = ContinuousClock()
    let time = clock.measure {
      model.encode(text.span, 0..<text.count, &merger, into: &ids)
    }
    #expect(ids.reduce(0) { $0 + model.table.length(Int($1)) } == text.count)
    // A quadratic way takes an hour; this takes a second without optimization.
    #expect(time < .seconds(60))
  }
}
