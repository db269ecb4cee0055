// The merging itself: repeatedly the pair of lowest rank, the leftmost of equal ones.

/// Merges the symbols of one word. Two ways with one result: looking over all pairs each time while
/// a word is short, a heap once it is not (n log n, so that a word of a megabyte is no trap).
struct PairMerger: Sendable {
  /// Above this many symbols the heap is faster.
  static let heapThreshold = 96

  /// The symbols, ids of tokens; set before and read after ``merge(_:)``.
  var symbols: [Int32] = []
  private var merges: [UInt64] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  private var heap: [Entry] = []

  /// A merge that may be possible: rank and place, and what it would make.
  private struct Entry {
    let key: UInt64
    let merged: Int32
  }

  /// Merges until nothing merges.
  mutating func merge(_ pairs: borrowing PairTable) {
    if symbols.count > Self.heapThreshold { mergeWithHeap(pairs) } else { mergeByScan(pairs) }
  }

  /// The plain way.
  mutating func mergeByScan(_ pairs: borrowing PairTable) {
    guard symbols.count > 1 else { return }
    merges.removeAll(keepingCapacity: true)
    for place in 0..<symbols.count - 1 {
      merges.append(pairs.merge(symbols[place], symbols[place + 1]))
    }
    while true {
      var best = PairTable.none
      var bestPlace = 0
      for place in 0..<merges.count where merges[place] >> 32 < best >> 32 {
        best = merges[place]
        bestPlace = place
      }
      if best == PairTable.none { return }
      symbols[bestPlace] = Int32(truncatingIfNeeded: best)
      symbols.remove(at: bestPlace + 1)
      merges.remove(at: bestPlace)
      if bestPlace > 0 {
        merges[bestPlace - 1] = pairs.merge(symbols[bestPlace - 1], symbols[bestPlace])
      }
      if bestPlace < merges.count {
        merges[bestPlace] = pairs.merge(symbols[bestPlace], symbols[bestPlace + 1])
      }
    }
  }

  /// The same for long words, over a linked list.
  mutating func mergeWithHeap(_ pairs: borrowing PairTable) {
    let count = symbols.count
    guard count > 1 else { return }
    next = (0..<Int32(count)).map { $0 + 1 < Int32(count) ? $0 + 1 : -1 }
    previous = (0..<Int32(count)).map { $0 - 1 }
    heap.removeAll(keepingCapacity: true)
    for place in 0..<count - 1 { push(place, place + 1, pairs) }
    while let entry = pop() {
      let place = Int(entry.key & 0xFFFF_FFFF)
      guard symbols[place] >= 0, next[place] >= 0 else { continue }
      let right = Int(next[place])
      // What stood here when the entry was made may have merged meanwhile.
      let now = pairs.merge(symbols[place], symbols[right])
      guard now != PairTable.none, Int32(truncatingIfNeeded: now) == entry.merged,
        now >> 32 == entry.key >> 32
      else { continue }
      symbols[place] = entry.merged
      symbols[right] = -1
      next[place] = next[right]
      if next[right] >= 0 { previous[Int(next[right])] = Int32(place) }
      if previous[place] >= 0 { push(Int(previous[place]), place, pairs) }
      if next[place] >= 0 { push(place, Int(next[place]), pairs) }
    }
    symbols.removeAll { $0 < 0 }
  }

  private mutating func push(_ left: Int, _ right: Int, _ pairs: borrowing PairTable) {
    let merge = pairs.merge(symbols[left], symbols[right])
    guard merge != PairTable.none else { return }
    let entry = Entry(
      key: (merge & ~0xFFFF_FFFF) | UInt64(left), merged: Int32(truncatingIfNeeded: merge))
    var place = heap.count
    heap.append(entry)
    while place > 0 {
      let parent = (place - 1) / 2
      if heap[parent].key <= entry.key { break }
      heap[place] = heap[parent]
      place = parent
    }
    heap[place] = entry
  }

  private mutating func pop() -> Entry? {
    guard let top = heap.first, let last = heap.popLast() else { return nil }
    let count = heap.count
    guard count > 0 else { return top }
    var place = 0
    while true {
      var child = 2 * place + 1
      if child >= count { break }
      if child + 1 < count, heap[child + 1].key < heap[child].key { child += 1 }
      if last.key <= heap[child].key { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = last
    return top
  }
}
