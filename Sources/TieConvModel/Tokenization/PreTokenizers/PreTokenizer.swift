// The stages that cut a normalized text into the words that the model sees.

/// One stage of pre-tokenization.
enum PreTokenizer: Sendable {
  case split(Splitter)
  /// Puts a space before a piece that does not start with one.
  case prefixSpace
  /// Writes every byte as a character of the byte-level alphabet.
  case byteAlphabet
  /// Spaces become `replacement`, which also goes before a piece, as `scheme` says.
  case metaspace(replacement: [UInt8], scheme: PrefixScheme, splits: Bool)

  /// Where a metaspace goes before the text.
  enum PrefixScheme: String, Sendable { case always, first, never }
}

/// A text and the pieces that it is cut into.
struct PieceText {
  var bytes: [UInt8]
  var pieces: [Piece]
  /// Whether the text starts where the whole input does.
  let isAtStart: Bool

  init(_ bytes: [UInt8], isAtStart: Bool) {
    self.bytes = bytes
    self.isAtStart = isAtStart
    pieces = bytes.isEmpty ? [] : [Piece(0, bytes.count)]
  }

  /// Runs one stage on every piece.
  mutating func apply(_ stage: PreTokenizer, _ matcher: inout PatternMatcher) {
    switch stage {
    case .split(let splitter):
      var result: [Piece] = []
      result.reserveCapacity(pieces.count + bytes.count / 8)
      for piece in pieces { splitter.split(bytes.span, piece.range, &matcher, into: &result) }
      pieces = result
    case .prefixSpace:
      guard pieces.contains(where: { bytes[Int($0.start)] != 0x20 }) else { return }
      rewrite { text, range, _, out in
        if text[range.lowerBound] != 0x20 { out.append(0x20) }
        out.append(contentsOf: text[range])
      }
    case .byteAlphabet:
      rewrite { text, range, _, out in
        for place in range { out.append(scalar: ByteAlphabet.scalar(of: text[place])) }
      }
    case .metaspace(let replacement, let scheme, let splits):
      applyMetaspace(replacement, scheme)
      if splits {
        apply(
          .split(Splitter(finder: .literal(replacement), behavior: .mergedWithNext)), &matcher)
      }
    }
  }

  private mutating func applyMetaspace(
    _ replacement: [UInt8], _ scheme: PreTokenizer.PrefixScheme
  ) {
    rewrite { text, range, isFirst, out in
      let hasOne =
        text[range.lowerBound] == 0x20
        || text.span.hasBytes(replacement, at: range.lowerBound, end: range.upperBound)
      if !hasOne, scheme == .always || (scheme == .first && isFirst) {
        out.append(contentsOf: replacement)
      }
      for place in range {
        if text[place] == 0x20 {
          out.append(contentsOf: replacement)
        } else {
          out.append(text[place])
        }
      }
    }
  }

  /// Writes every piece anew.
  private mutating func rewrite(
    _ body: (_ text: [UInt8], _ range: Range<Int>, _ isFirst: Bool, _ out: inout [UInt8]) -> Void
  ) {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + bytes.count / 4)
    for index in pieces.indices {
      let start = out.count
      body(bytes, pieces[index].range, isAtStart && pieces[index].start == 0, &out)
      pieces[index] = Piece(start, out.count)
    }
    bytes = out
  }
}
