// Whether the merges of a tokenizer.json are those that llama.cpp finds by itself: it joins any two
// neighbours that make a piece, the piece of the best score first (llm_tokenizer_spm_session).

/// The merges of a byte-fallback BPE model.
struct PieceMerges {
  /// A score for every piece that a merge makes, by id: the negative place among pieces.
  private(set) var scores: [Int: Float] = [:]

  /// - Throws: why joining by score would end in other pieces.
  init(_ definition: TokenizerDefinition) throws(SpaceSteps.Unknown) {
    let added = Set(definition.addedTokens.map(\.id))
    var ids: [TokenText: Int] = [:]
    ids.reserveCapacity(definition.vocabulary.count)
    for (text, id) in definition.vocabulary { ids[TokenText(text)] = id }
    try Self.checkBytes(ids)
    // Runs of spaces are mostly a user's own pieces, with one score for all.
    let isFree = { (text: [UInt8]) in text.isRunOfMarks }
    var listed: Set<UInt64> = []
    var last = -1
    for (first, second) in definition.merges {
      let whole = Array(first) + Array(second)
      guard let id = ids[TokenText(whole)] else {
        throw SpaceSteps.Unknown(name: "a merge that makes no token")
      }
      listed.insert(Self.key(id, first.count))
      guard id != last else { continue }
      if scores[id] == nil {
        scores[id] = Float(-scores.count)
      } else if !added.contains(id), !isFree(whole) {
        throw SpaceSteps.Unknown(
          name: "merges that are not in the order of the pieces that they make "
            + "(\(String(decoding: whole, as: UTF8.self)))")
      }
      last = id
    }
    for (text, id) in definition.vocabulary where !added.contains(id) && !text.isByteToken {
      let bytes = Array(text.utf8)
      guard !isFree(bytes) else { continue }
      for cut in bytes.indices.dropFirst() where bytes[cut] & 0xC0 != 0x80 {
        guard Self.isPart(bytes[..<cut], ids, added), Self.isPart(bytes[cut...], ids, added),
          !listed.contains(Self.key(id, cut))
        else { continue }
        throw SpaceSteps.Unknown(
          name: "a piece that two others make without being merged (\(text))")
      }
    }
  }

  /// What is not in the vocabulary becomes bytes, each of which must be a token.
  private static func checkBytes(_ ids: [TokenText: Int]) throws(SpaceSteps.Unknown) {
    for byte in UInt8.min...UInt8.max {
      let digits = String(byte, radix: 16, uppercase: true)
      let name = "<0x" + (digits.utf8.count == 1 ? "0" : "") + digits + ">"
      if ids[TokenText(name)] == nil {
        throw SpaceSteps.Unknown(name: "a byte without a token (\(name))")
      }
    }
  }

  private static func key(_ id: Int, _ cut: Int) -> UInt64 {
    UInt64(id) << 32 | UInt64(min(cut, Int(UInt32.max)))
  }

  /// Whether text can be a neighbour: a character by itself, or a piece.
  private static func isPart(
    _ text: ArraySlice<UInt8>, _ ids: [TokenText: Int], _ added: Set<Int>
  ) -> Bool {
    if text.dropFirst().allSatisfy({ $0 & 0xC0 == 0x80 }) { return true }
    return ids[TokenText(text)].map { !added.contains($0) } ?? false
  }
}

extension [UInt8] {
  /// Whether it is nothing but marks of spaces.
  fileprivate var isRunOfMarks: Bool {
    let mark = Array(String.spaceMark.utf8)
    return count % mark.count == 0 && indices.allSatisfy { self[$0] == mark[$0 % mark.count] }
  }
}

extension String {
  /// Whether it names a byte: `<0x0A>`.
  var isByteToken: Bool {
    let bytes = Array(utf8)
    return bytes.count == 6 && hasPrefix("<0x") && hasSuffix(">")
      && bytes[3..<5].allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }
}
