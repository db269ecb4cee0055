// Byte strings and their ids, flat in memory: a vocabulary of a quarter million is common.

/// A vocabulary: each id's text and each text's id.
///
/// Texts compare by their bytes. Swift strings compare by canonical equivalence, under which real
/// vocabularies hold duplicates.
struct TokenTable: Sendable {
  private var arena: [UInt8] = []
  private var starts: [Int32] = []
  private var lengths: [Int32] = []
  private var slots: [Int32] = []
  /// The length in bytes of the longest text that can be found.
  private(set) var longest = 0

  /// One more than the greatest id.
  var size: Int { starts.count }

  /// A table for about `count` texts.
  init(count: Int) {
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    slots = [Int32](repeating: -1, count: capacity)
    starts.reserveCapacity(count)
    lengths.reserveCapacity(count)
  }

  /// Adds `text` under `id`, which must be free; `isFound` tells whether texts lead to it. Of two
  /// equal texts the last is found.
  mutating func insert(_ text: ArraySlice<UInt8>, id: Int, isFound: Bool = true) {
    while starts.count <= id {
      starts.append(0)
      lengths.append(-1)
    }
    let start = arena.count
    arena.append(contentsOf: text)
    starts[id] = Int32(start)
    lengths[id] = Int32(text.count)
    guard isFound else { return }
    longest = max(longest, text.count)
    if size * 2 > slots.count { grow() }
    place(Int32(id), start..<arena.count)
  }

  /// The bytes of `id`; nil where there is no such token.
  func bytes(_ id: Int) -> ArraySlice<UInt8>? {
    guard id >= 0, id < starts.count, lengths[id] >= 0 else { return nil }
    return arena[Int(starts[id])..<Int(starts[id]) + Int(lengths[id])]
  }

  /// The length in bytes of `id`'s text; 0 where there is no such token.
  func length(_ id: Int) -> Int { id < lengths.count ? max(0, Int(lengths[id])) : 0 }

  /// The id of the text in `range` of `text`; -1 where there is none.
  func id(_ text: Span<UInt8>, _ range: Range<Int>) -> Int32 {
    guard range.count <= longest else { return -1 }
    var hash = Self.seed
    for place in range { hash = Self.mix(hash, text[place]) }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: Self.finish(hash)) & mask
    while true {
      let id = slots[slot]
      if id < 0 { return -1 }
      if lengths[Int(id)] == range.count {
        let start = Int(starts[Int(id)])
        var same = 0
        while same < range.count, arena[start + same] == text[range.lowerBound + same] { same += 1 }
        if same == range.count { return id }
      }
      slot = (slot + 1) & mask
    }
  }

  /// The id of `text`; -1 where there is none.
  func id(_ text: [UInt8]) -> Int32 { id(text.span, 0..<text.count) }

  private mutating func place(_ id: Int32, _ range: Range<Int>) {
    let mask = slots.count - 1
    var hash = Self.seed
    for place in range { hash = Self.mix(hash, arena[place]) }
    var slot = Int(truncatingIfNeeded: Self.finish(hash)) & mask
    while slots[slot] >= 0 {
      let other = Int(slots[slot])
      let start = Int(starts[other])
      let isSame =
        lengths[other] == range.count
        && arena[start..<start + range.count].elementsEqual(arena[range])
      if isSame { break }
      slot = (slot + 1) & mask
    }
    slots[slot] = id
  }

  private mutating func grow() {
    let ids = slots.filter { $0 >= 0 }.sorted()
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for id in ids {
      let start = Int(starts[Int(id)])
      place(id, start..<start + Int(lengths[Int(id)]))
    }
  }

  // FNV-1a, 64 bits, with a last mixing step since the low bits choose the slot.
  private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  @inline(__always)
  private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }
  @inline(__always)
  private static func finish(_ hash: UInt64) -> UInt64 { hash ^ hash >> 29 }
}
