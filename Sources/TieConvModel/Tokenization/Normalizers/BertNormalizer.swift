// BERT's clean-up: controls out, Chinese characters apart, accents off, lower case.

/// The steps of BERT's normalizer, in this order.
struct BertNormalizer: Sendable {
  var cleansText = true
  var partsChinese = true
  var stripsAccents = true
  var lowercases = true

  /// `text` after the steps.
  func normalized(_ text: [UInt8]) -> [UInt8] {
    var text = text
    if cleansText { text = Normalizer.mapped(text, Self.clean) }
    if partsChinese, !text.isASCII {
      text = Normalizer.mapped(text) { scalar, out in
        if Self.isChinese(scalar) { out.append(0x20) }
        out.append(scalar: scalar)
        if Self.isChinese(scalar) { out.append(0x20) }
      }
    }
    if stripsAccents, !text.isASCII {
      text = Normalizer.mapped(NormalForm.nfd.normalized(text)) { scalar, out in
        if !CombiningMarks.nonspacing(scalar) { out.append(scalar: scalar) }
      }
    }
    return lowercases ? Normalizer.lowercased(text) : text
  }

  private static func clean(_ scalar: UInt32, _ out: inout [UInt8]) {
    if scalar < 0x80 {
      if scalar == 0x20 || scalar == 9 || scalar == 10 || scalar == 13 {
        out.append(0x20)
      } else if scalar > 0x20, scalar != 0x7F {
        out.append(UInt8(scalar))
      }
    } else if !isControl(scalar) {
      if ScalarTable.shared.isWhiteSpace(scalar) {
        out.append(0x20)
      } else {
        out.append(scalar: scalar)
      }
    }
  }

  /// Controls, formats and private use as Unicode 7 had them, and the replacement character.
  private static func isControl(_ scalar: UInt32) -> Bool {
    if scalar == 0xFFFD { return true }
    guard ScalarTable.shared.isIn(1 << 26 | 1 << 27 | 1 << 28 | 1 << 30, scalar),
      let known = Unicode.Scalar(scalar)
    else { return false }
    return ScalarTable.isKnown(known, 7)
  }

  private static func isChinese(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
      0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
