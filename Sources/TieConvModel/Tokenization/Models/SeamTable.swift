// Where a word can be cut without changing how it merges.
//
// Vocabularies in SentencePiece's style see whole lines as one word. Between two characters that
// stand side by side in no token made by a merge, nothing can ever merge: each side goes its own way,
// and short sides can be remembered.

/// Pairs of neighbouring symbols that some merged token holds.
struct SeamTable: Sendable {
  /// A bit for a pair of hashes: what is unset is in no token, what is set may be.
  private var bits = [UInt64](repeating: 0, count: 1 << 12)
  private let isByteLevel: Bool

  /// Nil where a cut could change something: where the ends of a word differ from its middle, whole
  /// words are looked up, neighbouring unknown characters become one, or merges are not of plain text.
  init?(
    table: TokenTable, merges: [BytePairModel.Merge], settings: BytePairModel.Settings,
    fallback: [Int32]
  ) {
    guard settings.continuingPrefix.isEmpty, settings.endSuffix.isEmpty, !settings.ignoresMerges
    else { return nil }
    isByteLevel = settings.isByteLevel
    var odd = Set(fallback)
    if let unknown = settings.unknown { odd.insert(unknown) }
    if isByteLevel {
      // A byte without a token is left out, and then its neighbours touch.
      for byte in UInt8.min...UInt8.max where table.id([byte]) < 0 { insertAllPairs(of: byte) }
    } else {
      // So is a character, or it becomes one with unknown neighbours, unless its bytes have tokens.
      guard settings.fallsBackToBytes, fallback.allSatisfy({ $0 >= 0 }) else { return nil }
    }
    for merge in merges {
      guard !odd.contains(merge.left), !odd.contains(merge.right),
        table.length(Int(merge.merged))
          == table.length(Int(merge.left)) + table.length(Int(merge.right)),
        let text = table.bytes(Int(merge.merged))
      else { return nil }
      insert(Array(text))
    }
  }

  private mutating func insert(_ text: [UInt8]) {
    let symbols = isByteLevel ? text.map(UInt32.init) : text.scalars
    for (left, right) in zip(symbols, symbols.dropFirst()) { insert(left, right) }
  }

  private mutating func insert(_ left: UInt32, _ right: UInt32) {
    let bit = Self.bit(left, right)
    bits[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  private mutating func insertAllPairs(of byte: UInt8) {
    for other in UInt32(0)..<256 {
      insert(UInt32(byte), other)
      insert(other, UInt32(byte))
    }
  }

  /// The first cut after `start`, or `end`.
  func next(_ text: Span<UInt8>, after start: Int, end: Int) -> Int {
    if isByteLevel {
      var place = start + 1
      while place < end {
        if !holds(UInt32(text[place - 1]), UInt32(text[place])) { return place }
        place += 1
      }
      return end
    }
    var (left, length) = text.scalar(at: start)
    var place = start + length
    while place < end {
      let right: UInt32
      (right, length) = text.scalar(at: place)
      if !holds(left, right) { return place }
      left = right
      place += length
    }
    return end
  }

  @inline(__always)
  private func holds(_ left: UInt32, _ right: UInt32) -> Bool {
    let bit = Self.bit(left, right)
    return bits[bit >> 6] >> UInt64(bit & 63) & 1 == 1
  }

  /// 18 bits: 8 of the left symbol, 10 of the right one. ASCII keeps its own.
  @inline(__always)
  private static func bit(_ left: UInt32, _ right: UInt32) -> Int {
    let leftBits = (left ^ left >> 7) & 0xFF
    let rightBits = (right ^ right >> 8) & 0x3FF
    return Int(leftBits << 10 | rightBits)
  }
}
