// What a tokenizer does to a text before it is cut.

internal import TieConv

/// One step of normalization.
enum Normalizer: Sendable {
  case form(NormalForm)
  case lowercase
  case stripAccents
  case strip(left: Bool, right: Bool)
  case prepend([UInt8])
  case replace(PieceFinder, [UInt8])
  case precompiled(PrecompiledCharsmap)
  case sentencePiece(SentencePieceNormalizer)
  case bert(BertNormalizer)
  case nmt
  /// Writes every byte as a character of the byte-level alphabet.
  case byteAlphabet

  /// `text` after this step.
  func apply(_ text: [UInt8], _ matcher: inout PatternMatcher) -> [UInt8] {
    switch self {
    case .form(let form): return form.normalized(text)
    case .lowercase: return Self.lowercased(text)
    case .stripAccents:
      let marks = CombiningMarks.any
      return Self.mapped(text) { scalar, out in
        if !marks(scalar) { out.append(scalar: scalar) }
      }
    case .strip(let left, let right): return Self.stripped(text, left, right)
    case .prepend(let prefix): return text.isEmpty ? text : prefix + text
    case .replace(let finder, let replacement):
      return Self.replaced(text, finder, replacement, &matcher)
    case .precompiled(let map): return map.normalized(text)
    case .sentencePiece(let steps): return steps.normalized(text)
    case .bert(let bert): return bert.normalized(text)
    case .nmt: return Self.mapped(text, Self.nmt)
    case .byteAlphabet:
      var out: [UInt8] = []
      out.reserveCapacity(text.count * 2)
      for byte in text { out.append(scalar: ByteAlphabet.scalar(of: byte)) }
      return out
    }
  }

  /// `text` with every scalar replaced by what `body` appends for it.
  static func mapped(
    _ text: [UInt8], _ body: (_ scalar: UInt32, _ out: inout [UInt8]) -> Void
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      let (scalar, length) = text.span.scalar(at: place)
      body(scalar, &out)
      place += length
    }
    return out
  }

  /// Each scalar's own lower case; no rule looks at its neighbours.
  static func lowercased(_ text: [UInt8]) -> [UInt8] {
    mapped(text) { scalar, out in
      if scalar < 0x80 {
        out.append(UInt8(scalar) | ((0x41...0x5A).contains(scalar) ? 0x20 : 0))
      } else if let known = Unicode.Scalar(scalar) {
        out.append(contentsOf: known.properties.lowercaseMapping.utf8)
      }
    }
  }

  private static func stripped(_ text: [UInt8], _ left: Bool, _ right: Bool) -> [UInt8] {
    let table = ScalarTable.shared
    var start = 0
    var end = text.count
    while left, start < end {
      let (scalar, length) = text.span.scalar(at: start)
      guard table.isWhiteSpace(scalar) else { break }
      start += length
    }
    while right, end > start {
      let before = text.span.scalarStart(before: end, floor: start)
      guard table.isWhiteSpace(text.span.scalar(at: before).value) else { break }
      end = before
    }
    return start == 0 && end == text.count ? text : Array(text[start..<max(start, end)])
  }

  static func replaced(
    _ text: [UInt8], _ finder: PieceFinder, _ replacement: [UInt8], _ matcher: inout PatternMatcher
  ) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    finder.parts(of: text.span, 0..<text.count, &matcher) { start, end, isMatch in
      out.append(contentsOf: isMatch ? replacement[...] : text[start..<end])
    }
    return out
  }

  /// The clean-up of an early translation system, which some unigram vocabularies were made after.
  private static func nmt(_ scalar: UInt32, _ out: inout [UInt8]) {
    switch scalar {
    case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
    case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
      out.append(0x20)
    default: out.append(scalar: scalar)
    }
  }
}
