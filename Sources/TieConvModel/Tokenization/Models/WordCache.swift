// Words that were met before, with their ids: most of a text is few words.

/// A bounded memory of short words. A new word takes the place of an older one where both fall on
/// the same slot, so that memory stays what it was at the start.
struct WordCache: Sendable {
  /// Longer words are not kept; two machine words hold the text exactly.
  static let longestWord = 16
  private static let idsPerWord = 8

  /// Two words of text, zero behind its end; with the length, equal keys are equal texts.
  private struct Entry {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var length: UInt8 = 0
    var count: UInt8 = 0
  }

  private var entries: [Entry]
  private var ids: [Int32]
  private let shift: UInt64

  /// A cache that suits a text of `byteCount` bytes.
  init(byteCount: Int) {
    var bits: UInt64 = 6
    while bits < 15, 1 << (bits + 3) < byteCount { bits += 1 }
    entries = [Entry](repeating: Entry(), count: 1 << Int(bits))
    ids = [Int32](repeating: 0, count: Self.idsPerWord << Int(bits))
    shift = 64 - bits
  }

  /// A word as the cache sees it.
  struct Key {
    fileprivate let low: UInt64
    fileprivate let high: UInt64
    fileprivate let length: UInt8
    fileprivate let slot: Int
  }

  /// The key of `range` of `text`, which is not longer than ``longestWord`` and not empty.
  @inline(__always)
  func key(_ text: Span<UInt8>, _ range: Range<Int>) -> Key {
    var low: UInt64 = 0
    var high: UInt64 = 0
    let count = range.count
    if range.lowerBound + 16 <= text.count {
      let bytes = unsafe text.bytes
      unsafe low = bytes.unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)
      if count < 8 {
        low &= (1 << UInt64(8 * count)) &- 1
      } else if count > 8 {
        unsafe high = bytes.unsafeLoadUnaligned(
          fromByteOffset: range.lowerBound + 8, as: UInt64.self)
        high &= count == 16 ? .max : (1 << UInt64(8 * (count - 8))) &- 1
      }
    } else {
      for place in 0..<count {
        let byte = UInt64(text[range.lowerBound + place])
        if place < 8 {
          low |= byte << UInt64(8 * place)
        } else {
          high |= byte << UInt64(8 * place - 64)
        }
      }
    }
    var hash = low &* 0x9E37_79B9_7F4A_7C15 ^ (high &* 0xC2B2_AE3D_27D4_EB4F)
    hash = (hash ^ hash >> 32 ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15
    return Key(
      low: low, high: high, length: UInt8(count), slot: Int(truncatingIfNeeded: hash >> shift))
  }

  /// Appends the ids of the word, where it is known; says whether it was.
  @inline(__always)
  func append(_ key: Key, to result: inout [Int32]) -> Bool {
    let entry = entries[key.slot]
    guard entry.low == key.low, entry.high == key.high, entry.length == key.length else {
      return false
    }
    let first = key.slot * Self.idsPerWord
    for place in 0..<Int(entry.count) { result.append(ids[first + place]) }
    return true
  }

  /// Keeps the last ids of `result`, from `start` on, for the word.
  mutating func store(_ key: Key, _ result: [Int32], from start: Int) {
    let count = result.count - start
    guard count <= Self.idsPerWord else { return }
    entries[key.slot] = Entry(
      low: key.low, high: key.high, length: key.length, count: UInt8(count))
    let first = key.slot * Self.idsPerWord
    for place in 0..<count { ids[first + place] = result[start + place] }
  }
}
