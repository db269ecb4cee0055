// All tokens that start at a place of a text: a trie over their bytes, flat in memory.

/// Texts with a number each, found by their beginnings.
struct PieceTrie: Sendable {
  /// Children of a node stand side by side, in the order of their bytes.
  private var labels: [UInt8] = [0]
  private var firstChild: [Int32] = [0]
  private var childCount: [UInt16] = [0]
  private var values: [Int32] = [-1]
  private var roots = [Int32](repeating: -1, count: 256)

  var isEmpty: Bool { labels.count == 1 }

  /// A trie of `texts`; where two are equal, the later one's number is kept. Empty ones are left out.
  init(_ texts: [(text: ArraySlice<UInt8>, value: Int32)]) {
    let sorted = texts.enumerated().filter { !$0.element.text.isEmpty }.sorted { one, other in
      if one.element.text.elementsEqual(other.element.text) { return one.offset < other.offset }
      return one.element.text.lexicographicallyPrecedes(other.element.text)
    }.map(\.element)
    var queue: [(node: Int, range: Range<Int>, depth: Int)] = [(0, 0..<sorted.count, 0)]
    var head = 0
    while head < queue.count {
      let (node, range, depth) = queue[head]
      head += 1
      firstChild[node] = Int32(labels.count)
      var place = range.lowerBound
      while place < range.upperBound {
        let text = sorted[place].text
        if text.count == depth {
          values[node] = sorted[place].value
          place += 1
          continue
        }
        let byte = text[text.startIndex + depth]
        let start = place
        while place < range.upperBound,
          sorted[place].text[sorted[place].text.startIndex + depth] == byte
        { place += 1 }
        if node == 0 { roots[Int(byte)] = Int32(labels.count) }
        queue.append((labels.count, start..<place, depth + 1))
        labels.append(byte)
        firstChild.append(0)
        childCount.append(0)
        values.append(-1)
        childCount[node] += 1
      }
    }
  }

  /// Calls `body` with the end and number of every text that stands at `start`, shortest first.
  @inline(__always)
  func prefixes(
    of text: Span<UInt8>, from start: Int, end: Int, _ body: (_ end: Int, _ value: Int32) -> Void
  ) {
    guard start < end else { return }
    var node = Int(roots[Int(text[start])])
    var place = start + 1
    while node >= 0 {
      if values[node] >= 0 { body(place, values[node]) }
      guard place < end else { return }
      node = child(of: node, text[place])
      place += 1
    }
  }

  /// Whether any text starts with `byte`.
  func starts(with byte: UInt8) -> Bool { roots[Int(byte)] >= 0 }

  @inline(__always)
  private func child(of node: Int, _ byte: UInt8) -> Int {
    var low = Int(firstChild[node])
    var count = Int(childCount[node])
    while count > 0 {
      let half = count / 2
      if labels[low + half] < byte {
        low += half + 1
        count -= half + 1
      } else {
        count = half
      }
    }
    let end = Int(firstChild[node]) + Int(childCount[node])
    return low < end && labels[low] == byte ? low : -1
  }
}
