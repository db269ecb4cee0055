// A unigram tokenizer.json in the terms of llama.cpp's unigram tokenizer (llama-vocab.cpp): a map of
// characters, whether spaces are merged, and whether the first word gets a mark.

/// What GGUF says of a unigram model beside its vocabulary.
struct UnigramRules {
  let charactersMap: [UInt8]
  let addsSpacePrefix: Bool
  let mergesSpaces: Bool
  /// Where texts, at their ends, become other ids there.
  private(set) var notes: [String] = []

  /// - Throws: why llama.cpp would cut texts otherwise.
  init(_ definition: TokenizerDefinition) throws(SpaceSteps.Unknown) {
    let steps = try SpaceSteps(definition)
    guard !definition.hasByteFallback else {
      throw SpaceSteps.Unknown(name: "byte_fallback, which its unigrams do not have")
    }
    guard let unknown = definition.unknownID, definition.scores.indices.contains(unknown) else {
      throw SpaceSteps.Unknown(name: "a model without a token for what is unknown")
    }
    charactersMap = steps.charactersMap
    // What is left between words is one mark, whatever was there.
    mergesSpaces = steps.mergesSpaces || steps.partsAtWhiteSpace
    addsSpacePrefix = steps.prefix != .none
    guard !mergesSpaces || steps.prefix != .none else {
      throw SpaceSteps.Unknown(name: "merged spaces without a mark before the first word")
    }
    guard !steps.partsAtWhiteSpace || steps.prefix == .unlessThere else {
      throw SpaceSteps.Unknown(name: "WhitespaceSplit without a mark before every word")
    }
    let keepsEnd = !steps.dropsTrailing && !steps.dropsTrailingSpaces
    guard mergesSpaces ? steps.prefix != .always : !steps.dropsLeading && keepsEnd
    else { throw SpaceSteps.Unknown(name: "spaces at the ends of a text dropped or added") }
    if steps.partsAtWhiteSpace || steps.dropsTrailing { try checkWhiteSpace() }
    if steps.splitsWords { try checkPieces(definition) }
    if mergesSpaces, !steps.partsAtWhiteSpace, keepsEnd {
      notes.append("llama.cpp drops a space at the end of a text; this tokenizer does not")
    }
    if !mergesSpaces {
      notes += steps.notes
      if addsSpacePrefix {
        notes.append("llama.cpp puts no space before a text of nothing but spaces")
      }
    }
  }

  /// llama.cpp knows one space; all others must have become it. U+0085 is left alone by
  /// SentencePiece's own maps, and stands for nothing.
  private func checkWhiteSpace() throws(SpaceSteps.Unknown) {
    let map = PrecompiledCharsmap(charactersMap)
    let others: [ClosedRange<UInt32>] = [
      0x09...0x0D, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
      0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
    ]
    for scalar in others.joined() {
      let text = Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? []
      guard let found = map?.longestReplacement(of: text, text.indices),
        found.text.elementsEqual([0x20]) || found.text.isEmpty
      else {
        throw SpaceSteps.Unknown(
          name: "white space of other kinds (U+\(String(scalar, radix: 16, uppercase: true)))")
      }
    }
  }

  /// llama.cpp looks at whole texts, so no piece may reach into the next word.
  private func checkPieces(_ definition: TokenizerDefinition) throws(SpaceSteps.Unknown) {
    let added = Set(definition.addedTokens.map(\.id))
    for (text, id) in definition.vocabulary where !added.contains(id) {
      if Array(text.utf8).reachesIntoNextWord(whereSpacesMerge: mergesSpaces) {
        throw SpaceSteps.Unknown(
          name: "words looked at one by one, and a piece of two (\(text))")
      }
    }
  }
}

extension [UInt8] {
  /// Whether a mark of a space stands behind the first character of a piece that can be met: where
  /// spaces are merged, no text holds two marks in a row.
  package func reachesIntoNextWord(whereSpacesMerge merges: Bool) -> Bool {
    let mark = Array(String.spaceMark.utf8)
    var reaches = false
    for place in indices where self[place...].starts(with: mark) {
      if merges, self[(place + mark.count)...].starts(with: mark) { return false }
      reaches = reaches || place > 0
    }
    return reaches
  }
}
