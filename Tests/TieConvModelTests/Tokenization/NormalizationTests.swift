// Normal forms and the other changes to text before it is cut.

import Testing

@testable import TieConv
@testable import TieConvModel

@Suite struct NormalizationTests {
  private static func apply(_ form: NormalForm, _ text: String) -> [UInt32] {
    form.normalized(Array(text.utf8)).scalars
  }

  @Test func normalFormsFollowTheStandard() {
    #expect(Self.apply(.nfd, "é") == [0x65, 0x301])
    #expect(Self.apply(.nfc, "e\u{301}x") == [0xE9, 0x78])
    // Marks are sorted by class, and a mark that is not blocked composes.
    #expect(Self.apply(.nfc, "o\u{302}\u{323}") == [0x1ED9])
    #expect(Self.apply(.nfd, "\u{1ED9}") == [0x6F, 0x323, 0x302])
    #expect(Self.apply(.nfkc, "ﬁ①Å") == [0x66, 0x69, 0x31, 0xC5])
    #expect(Self.apply(.nfc, "\u{1100}\u{1161}\u{11A8}") == [0xAC01])
    #expect(Self.apply(.nfd, "각") == [0x1100, 0x1161, 0x11A8])
    // Excluded from composition.
    #expect(Self.apply(.nfc, "\u{0958}") == [0x915, 0x93C])
    #expect(Self.apply(.nfc, "\u{0344}") == [0x308, 0x301])
  }

  @Test func asciiIsNormalAlready() {
    let text = Array((0..<128).map(UInt8.init)) + Array("é".utf8) + Array("abc".utf8)
    for form in [NormalForm.nfc, .nfkc] { #expect(form.normalized(text) == text) }
  }

  /// The standard library knows canonical equivalence of a later Unicode; on old letters both agree.
  @Test func canonicalFormsAgreeWithTheStandardLibrary() {
    let scalars = (UInt32(0xA0)..<0x2000).compactMap(Unicode.Scalar.init)
      .filter { ScalarTable.isKnown($0, 9) }
    #expect(scalars.count > 6900)
    for form in [NormalForm.nfc, .nfd] {
      let wrong = scalars.filter { scalar in
        let text = "a\(scalar)\u{323}"
        return String(decoding: form.normalized(Array(text.utf8)), as: UTF8.self) != text
      }
      #expect(wrong.isEmpty, "\(form)")
    }
  }

  @Test func bertCleansPartsAndStrips() {
    let text = "\u{0}Ä\t中e\u{301}\u{FFFD}\u{200B}x"
    let clean = BertNormalizer().normalized(Array(text.utf8))
    #expect(String(decoding: clean, as: UTF8.self) == "a  中 ex")
  }

  @Test func aDamagedCharacterMapIsRefused() {
    #expect(PrecompiledCharsmap([]) == nil)
    #expect(PrecompiledCharsmap([4, 0, 0, 0]) == nil)
    #expect(PrecompiledCharsmap([0xFF, 0xFF, 0xFF, 0xFF, 0, 0]) == nil)
    #expect(PrecompiledCharsmap([4, 0, 0, 0, 0, 0, 0, 0, 0xFF]) == nil)
    // Units that point anywhere lead nowhere.
    var blob: [UInt8] = [8, 0, 0, 0]
    blob += [UInt8](repeating: 0xFF, count: 8) + [0x61, 0]
    let text = Array("abc é\r\n".utf8)
    #expect(PrecompiledCharsmap(blob)?.normalized(text) == text)
  }
}
