// Encoding the words of a long text on several threads.

internal import Synchronization
internal import TieConvKernels

extension WordEncoder {
  /// Bytes of a part: enough that what it remembers of its words pays.
  private static let partSize = 1 << 20

  /// What a part gives.
  private struct Part: Sendable {
    var ids: [Int32] = []
    var metUnknown = false
  }

  /// Appends the ids of the pieces, as `append` for one thread does. Every word is encoded by
  /// itself, and a cut at a seam changes no merge, so the ids do not depend on the parts.
  mutating func append(_ text: [UInt8], _ pieces: [Piece], threads: Int) {
    guard threads > 1, text.count >= 2 * Self.partSize else { return append(text.span, pieces) }
    let parts = parts(text.span, pieces)
    let model = model
    let encoded = Mutex([Part](repeating: Part(), count: parts.count))
    ParallelLoop.run(blocks: parts.count, threads: threads) { block, _ in
      var words = WordEncoder(model, byteCount: Self.partSize)
      words.append(text.span, parts[block])
      let part = Part(ids: words.ids, metUnknown: words.metUnknown)
      encoded.withLock { $0[block] = part }
    }
    for part in encoded.withLock({ $0 }) { append(part.ids, metUnknown: part.metUnknown) }
  }

  /// The pieces in parts; one that is longer than a part is cut at seams, where the model has some.
  private func parts(_ text: Span<UInt8>, _ pieces: [Piece]) -> [[Piece]] {
    var parts: [[Piece]] = []
    var part: [Piece] = []
    var size = 0
    for piece in pieces {
      var start = piece.range.lowerBound
      let end = piece.range.upperBound
      while start < end {
        let next = cut(text, start, end, after: Self.partSize - size)
        part.append(Piece(start, next))
        size += next - start
        start = next
        if size >= Self.partSize {
          parts.append(part)
          part = []
          size = 0
        }
      }
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }

  /// The first seam of a piece that is at least `count` behind its `start`; else its `end`.
  private func cut(_ text: Span<UInt8>, _ start: Int, _ end: Int, after count: Int) -> Int {
    guard case .bytePair(let pairs) = model, pairs.hasSeams, end - start > count else { return end }
    var place = start + max(0, count)
    // Back to where a character starts.
    while place > start, text[place] & 0xC0 == 0x80, !pairs.settings.isByteLevel { place -= 1 }
    return pairs.seam(text, after: place, end: end)
  }
}
