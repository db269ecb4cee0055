// A compiled map of characters as the tokenizers package runs it: on grapheme clusters first.

internal import TieConv

extension PrecompiledCharsmap {
  /// Grapheme clusters shorter than this are looked up whole.
  private static let longestCluster = 6

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
}
