// Which two tokens merge, and into what: the hottest look-up of byte-pair encoding.

/// Merges by their two parts, in one flat open-addressing table.
struct PairTable: Sendable {
  /// What ``merge(_:_:)`` gives for a pair that does not merge.
  static let none = UInt64.max

  private var keys: [UInt64]
  private var values: [UInt64]
  private let shift: UInt64

  /// A table for up to `count` merges.
  init(count: Int) {
    var bits: UInt64 = 4
    while 1 << bits < count * 2 { bits += 1 }
    keys = [UInt64](repeating: .max, count: 1 << Int(bits))
    values = [UInt64](repeating: Self.none, count: 1 << Int(bits))
    shift = 64 - bits
  }

  /// Stores that `left` and `right` make `merged`, with `rank` before all greater ones. Of two
  /// entries for a pair the last holds.
  mutating func insert(left: Int32, right: Int32, rank: UInt32, merged: Int32) {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: Self.hash(key) >> shift)
    while keys[slot] != .max, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    values[slot] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: merged))
  }

  /// Rank (upper half) and merged id (lower half) of a pair; ``none`` where it does not merge.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> UInt64 {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: Self.hash(key) >> shift)
    while true {
      let found = keys[slot]
      if found == key { return values[slot] }
      if found == .max { return Self.none }
      slot = (slot + 1) & (keys.count - 1)
    }
  }

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private static func hash(_ key: UInt64) -> UInt64 {
    (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
  }
}
