// SentencePiece's compiled normalization: a double-array trie of texts, and what replaces each.

internal import TieConv

/// A precompiled map of characters.
///
/// The layout (SentencePiece's normalizer, Darts-clone's units): a little-endian 32-bit size, that
/// many bytes of trie units, then the replacements, each ended by a zero byte.
struct PrecompiledCharsmap: Sendable {
  /// Grapheme clusters shorter than this are looked up whole.
  private static let longestCluster = 6

  private let units: [UInt32]
  private let replacements: [UInt8]

  /// Nil where the layout is broken.
  init?(_ blob: [UInt8]) {
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

  /// `text` with clusters and characters replaced as the map says.
  func normalized(_ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      // An ASCII character before another one, CR LF aside, is a cluster of its own.
      let next = place + 1 < text.count ? text[place + 1] : 0
      if text[place] < 0x80, next < 0x80, !(text[place] == 0x0D && next == 0x0A) {
        appendCharacter(text, place..<place + 1, to: &out)
        place += 1
        continue
      }
      var end = place + 1
      while end < text.count, text[end] >= 0x80 || text[end] == 0x0A && text[end - 1] == 0x0D {
        end += 1
      }
      appendClusters(text, place..<end, to: &out)
      place = end
    }
    return out
  }

  private func appendClusters(_ text: [UInt8], _ range: Range<Int>, to out: inout [UInt8]) {
    var start = range.lowerBound
    for cluster in String(decoding: text[range], as: UTF8.self) {
      let end = start + cluster.utf8.count
      if end - start < Self.longestCluster, let found = replacement(of: text, start..<end) {
        out.append(contentsOf: found)
        start = end
        continue
      }
      while start < end {
        let length = text.span.scalar(at: start).length
        appendCharacter(text, start..<start + length, to: &out)
        start += length
      }
    }
  }

  private func appendCharacter(_ text: [UInt8], _ range: Range<Int>, to out: inout [UInt8]) {
    out.append(contentsOf: replacement(of: text, range) ?? text[range])
  }

  /// What replaces the shortest beginning of `range` that the trie holds; nil where it holds none.
  private func replacement(of text: [UInt8], _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var node = Int(Self.offset(units[0]))
    for place in range {
      let byte = text[place]
      guard byte != 0 else { return nil }
      node ^= Int(byte)
      guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return nil }
      let hasLeaf = (units[node] >> 8) & 1 == 1
      node ^= Int(Self.offset(units[node]))
      guard node < units.count else { return nil }
      if hasLeaf {
        let start = min(Int(units[node] & 0x7FFF_FFFF), replacements.count)
        let end = replacements[start...].firstIndex(of: 0) ?? replacements.count
        return replacements[start..<end]
      }
    }
    return nil
  }

  private static func offset(_ unit: UInt32) -> UInt32 {
    (unit >> 10) << ((unit & 0x200) >> 6)
  }
}
