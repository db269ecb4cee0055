// Normalization as llama.cpp runs it before a unigram model (llm_tokenizer_ugm_session::normalize): the
// longest text that the map holds is replaced, then spaces are merged, marked and put before words.

internal import TieConv

/// The normalizer of a unigram vocabulary in a GGUF file.
struct SentencePieceNormalizer: Sendable {
  /// The mark of a space, U+2581.
  static let mark = Array("\u{2581}".utf8)

  let map: PrecompiledCharsmap?
  /// Whether the first word gets a mark.
  let addsPrefix: Bool
  /// Whether a run of spaces is one, and those around the text are none; every word then has a mark.
  let mergesSpaces: Bool

  func normalized(_ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + text.count / 4)
    var hasPrefix = false
    var isInWord = false
    var place = 0
    while place < text.count {
      let end: Int
      let piece: ArraySlice<UInt8>
      if let found = map?.longestReplacement(of: text, place..<text.count) {
        (piece, end) = found
      } else {
        end = min(place + text.span.scalar(at: place).length, text.count)
        piece = text[place..<end]
      }
      for byte in piece {
        if byte == 0x20 {
          isInWord = false
          if !mergesSpaces { out.append(contentsOf: Self.mark) }
          continue
        }
        if !isInWord {
          isInWord = true
          if mergesSpaces || (addsPrefix && !hasPrefix) {
            out.append(contentsOf: Self.mark)
            hasPrefix = true
          }
        }
        out.append(byte)
      }
      place = end
    }
    return out
  }
}
