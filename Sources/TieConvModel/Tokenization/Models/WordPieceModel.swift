// WordPiece: the longest token that fits, again and again; and whole words alone.

/// A WordPiece vocabulary, or, with `takesWholeWords`, one of whole words.
struct WordPieceModel: Sendable {
  let table: TokenTable
  let unknown: Int32
  let continuingPrefix: [UInt8]
  let longestWord: Int
  var takesWholeWords = false

  /// Appends the ids of the word in `range` of `text`.
  func encode(_ text: Span<UInt8>, _ range: Range<Int>, into ids: inout [Int32]) {
    if takesWholeWords {
      let id = table.id(text, range)
      return ids.append(id >= 0 ? id : unknown)
    }
    guard text.scalarCount(range) <= longestWord else { return ids.append(unknown) }
    let first = ids.count
    var start = range.lowerBound
    while start < range.upperBound {
      let prefix = start == range.lowerBound ? [] : continuingPrefix
      guard let (id, end) = longest(text, start..<range.upperBound, prefix) else {
        ids.removeLast(ids.count - first)
        return ids.append(unknown)
      }
      ids.append(id)
      start = end
    }
  }

  private func longest(
    _ text: Span<UInt8>, _ range: Range<Int>, _ prefix: [UInt8]
  ) -> (id: Int32, end: Int)? {
    var end = min(range.upperBound, range.lowerBound + max(0, table.longest - prefix.count))
    while end > range.lowerBound, end < range.upperBound, text[end] & 0xC0 == 0x80 { end -= 1 }
    var word = prefix
    if !prefix.isEmpty { for place in range.lowerBound..<end { word.append(text[place]) } }
    while end > range.lowerBound {
      let id =
        prefix.isEmpty
        ? table.id(text, range.lowerBound..<end)
        : table.id(word.span, 0..<prefix.count + end - range.lowerBound)
      if id >= 0 { return (id, end) }
      end = text.scalarStart(before: end, floor: range.lowerBound)
    }
    return nil
  }
}
