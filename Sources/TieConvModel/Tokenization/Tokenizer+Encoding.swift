// Text to ids.

public import TieConv
internal import TieConvKernels

extension Tokenizer {
  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - text: any text.
  ///   - addSpecial: whether the tokens that the tokenizer puts around a text are put there.
  /// - Returns: the ids, in order.
  /// - Throws: `invalidText` where the vocabulary has neither a token for a character nor one for
  ///   unknown ones; `tooLarge` beyond 128 MiB that the tokenizer's rules do not let part.
  public func encode(
    _ text: String, addSpecial: Bool = true
  ) throws(CheckpointError) -> [Int32] {
    try encode(utf8: Array(text.utf8), addSpecial: addSpecial)
  }

  /// The ids of a text in UTF-8, for texts that come from files.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8; anything else is refused, with the offset of the first wrong byte.
  ///   - addSpecial: whether the tokens that the tokenizer puts around a text are put there.
  ///   - threads: how many to use. Where the tokenizer's rules let a text be parted before anything
  ///     else is done to it, all steps run on them, else the model alone. The ids do not depend on it.
  /// - Returns: the ids, in order.
  /// - Throws: as ``encode(_:addSpecial:)``, and `invalidText` where the bytes are not UTF-8.
  public func encode(
    utf8 bytes: [UInt8], addSpecial: Bool = true, threads: Int = 1
  ) throws(CheckpointError) -> [Int32] {
    if let offset = bytes.firstInvalidUTF8() {
      throw CheckpointError(.invalidText, offset: offset, "the text is not UTF-8")
    }
    let parts = hasLineSeams ? LineSeams.parts(bytes) : [0..<bytes.count]
    let encoded = EncodedParts(count: parts.count)
    try ParallelLoop.run(blocks: parts.count, threads: threads) {
      (block, _) throws(CheckpointError) in
      let part = parts.count == 1 ? bytes : Array(bytes[parts[block]])
      encoded.store(
        try encodePart(part, isAtStart: block == 0, threads: parts.count == 1 ? threads : 1),
        at: block)
    }
    return (addSpecial ? prefix : []) + encoded.joined + (addSpecial ? suffix : [])
  }

  /// Places in a text are 32-bit numbers, also where each byte becomes several.
  private static let longestPart = 1 << 27

  private func encodePart(
    _ bytes: [UInt8], isAtStart: Bool, threads: Int
  ) throws(CheckpointError) -> [Int32] {
    var words = WordEncoder(model, byteCount: bytes.count)
    // Normalizing may lengthen a text, and each stage reads it again.
    var matcher = PatternMatcher(forBytes: bytes.count * 4)
    for part in rawFinder.parts(bytes.span) {
      if let id = part.id {
        words.append(id: id)
        continue
      }
      let isWhole = part.range.count == bytes.count
      let text = isWhole ? bytes : Array(bytes[part.range])
      let starts = isAtStart && part.range.lowerBound == 0
      encodeSegment(text, isAtStart: starts, threads: threads, &words, &matcher)
      guard text.count <= Self.longestPart, !words.metExcess else {
        throw CheckpointError(
          .tooLarge, "a text that has to be seen as a whole", found: "\(bytes.count) bytes",
          expected: "\(Self.longestPart) or less")
      }
      guard !matcher.isExhausted else {
        throw CheckpointError(
          .unsupportedFormat, file: source, "a pattern of the tokenizer takes too long on this text"
        )
      }
    }
    if words.metUnknown {
      throw CheckpointError(
        .invalidText, file: source,
        "the text holds a character that the vocabulary has no token for, and no unknown token")
    }
    return words.ids
  }

  /// Text without tokens of the raw kind.
  private func encodeSegment(
    _ text: [UInt8], isAtStart: Bool, threads: Int, _ words: inout WordEncoder,
    _ matcher: inout PatternMatcher
  ) {
    var text = text
    for normalizer in normalizers where text.count <= Self.longestPart {
      text = normalizer.apply(text, &matcher)
    }
    guard text.count <= Self.longestPart else { return words.noteExcess() }
    let parts = normalizedFinder.parts(text.span)
    for part in parts {
      if let id = part.id {
        words.append(id: id)
        continue
      }
      let isWhole = part.range.count == text.count
      var pieces = PieceText(
        isWhole ? text : Array(text[part.range]), isAtStart: isAtStart && part.range.lowerBound == 0
      )
      for stage in preTokenizers { pieces.apply(stage, &matcher) }
      words.append(pieces.bytes, pieces.pieces, threads: threads)
    }
  }
}
