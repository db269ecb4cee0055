// SentencePiece's compiled normalization: a double-array trie of texts, and what replaces each.

/// A precompiled map of characters.
///
/// The layout (SentencePiece's normalizer, Darts-clone's units): a little-endian 32-bit size, that
/// many bytes of trie units, then the replacements, each ended by a zero byte.
package struct PrecompiledCharsmap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// Nil where the layout is broken.
  package init?(_ blob: [UInt8]) {
    guard blob.count >= 4 else { return nil }
    func word(_ place: Int) -> UInt32 {
      UInt32(blob[place]) | UInt32(blob[place + 1]) << 8 | UInt32(blob[place + 2]) << 16
        | UInt32(blob[place + 3]) << 24
    }
    let size = Int(word(0))
    guard size >= 4, size % 4 == 0, size <= blob.count - 4 else { return nil }
    units = stride(from: 4, to: 4 + size, by: 4).map(word)
    replacements = Array(blob[(4 + size)...])
    guard replacements.firstInvalidUTF8() == nil else { return nil }
  }

  /// What replaces the shortest beginning of `range` that the map holds, as the tokenizers package
  /// looks it up; nil where it holds none.
  package func replacement(of text: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var found: ArraySlice<UInt8>?
    search(text, range) { _, start in
      found = replacement(at: start)
      return false
    }
    return found
  }

  /// What replaces the longest beginning of `range` that the map holds, as SentencePiece looks it
  /// up, and where that beginning ends; nil where it holds none.
  package func longestReplacement(
    of text: [UInt8], _ range: Range<Int>
  ) -> (text: ArraySlice<UInt8>, end: Int)? {
    var found: (start: Int, end: Int)?
    search(text, range) { end, start in
      found = (start, end)
      return true
    }
    return found.map { (replacement(at: $0.start), $0.end) }
  }

  /// Calls `body` with every end of a beginning of `range` that is held, and where its replacement
  /// starts, the shortest first, until it says no.
  private func search(
    _ text: [UInt8], _ range: Range<Int>, _ body: (_ end: Int, _ start: Int) -> Bool
  ) {
    var node = Int(Self.offset(units[0]))
    for place in range {
      let byte = text[place]
      node ^= Int(byte)
      guard byte != 0, node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return }
      let hasLeaf = (units[node] >> 8) & 1 == 1
      node ^= Int(Self.offset(units[node]))
      guard node < units.count else { return }
      if hasLeaf, !body(place + 1, Int(units[node] & 0x7FFF_FFFF)) { return }
    }
  }

  private func replacement(at start: Int) -> ArraySlice<UInt8> {
    let start = min(start, replacements.count)
    return replacements[start..<(replacements[start...].firstIndex(of: 0) ?? replacements.count)]
  }

  private static func offset(_ unit: UInt32) -> UInt32 {
    (unit >> 10) << ((unit & 0x200) >> 6)
  }
}
