// What small tokenizers make of texts, id by id.

import Testing
import TieConv

@testable import TieConvModel

@Suite struct TokenizerTests {
  @Test func mergesGoByRankWithinWords() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    #expect(try tokenizer.encode("lower low", addSpecial: false) == [259, 260])
    #expect(try tokenizer.encode("lo w", addSpecial: false) == [256, 32, 119])
    #expect(try tokenizer.encode("lower") == [261, 259])
    #expect(tokenizer.addsBeginningOfSequence)
    #expect(tokenizer.beginningOfSequence == 261)
    #expect(tokenizer.vocabularySize == 262)
  }

  @Test func addedTokensAreCutOutFirstWithTheSpaceTheyTake() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    #expect(try tokenizer.encode("low<end>  low", addSpecial: false) == [257, 261, 257])
    #expect(try tokenizer.encode("<end", addSpecial: false) == [60, 101, 110, 100])
  }

  @Test func byteLevelTextComesBackAsItWas() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    for text in ["", " lower\n\n low\t", "naïve 日本語 🙂‍↔️ \u{0}\u{7F}", "'ſ's 1234"] {
      #expect(try tokenizer.decode(try tokenizer.encode(text, addSpecial: false)) == text)
    }
    #expect(try tokenizer.decode([261, 257], skipSpecial: true) == "low")
    #expect(try tokenizer.decode([261, 257, 9999, -1]) == "<end>low")
  }

  @Test func unigramTakesTheBestSum() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.unigram)
    // ▁ + ab is −6, ▁a + b is −6: the first to reach the end stays.
    #expect(try tokenizer.encode("ab") == [1, 5])
    #expect(try tokenizer.encode("a  b") == [4, 1, 3])
    // Unknown characters in a row are one.
    #expect(try tokenizer.encode("axy") == [4, 0])
    #expect(try tokenizer.encode("ａ") == [4])
    #expect(try tokenizer.decode([4, 1, 3]) == "a b")
    #expect(!tokenizer.addsBeginningOfSequence)
  }

  @Test func wordPieceTakesTheLongest() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.wordPiece)
    #expect(try tokenizer.encode("Unaffable, ä") == [1, 3, 4, 5, 7, 6, 2])
    #expect(try tokenizer.encode("a的a unx", addSpecial: false) == [6, 8, 6, 0])
    #expect(try tokenizer.encode(String(repeating: "a", count: 21), addSpecial: false) == [0])
    #expect(try tokenizer.decode([3, 4, 5, 7, 6]) == "unaffable, a")
  }

  @Test func unknownCharactersFallBackToTheirBytes() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.sentencePiece)
    #expect(try tokenizer.encode("ab é") == [262, 257, 1 + 0xC3, 1 + 0xA9])
    #expect(try tokenizer.decode([262, 257, 1 + 0xC3, 1 + 0xA9]) == "ab é")
    #expect(try tokenizer.decode([262, 1 + 0xC3]) == "ab\u{FFFD}")
  }

  @Test func theConfigBesideDecidesWhatGoesAround() throws {
    let config =
      #"{"add_bos_token": false, "bos_token": "<end>", "add_eos_token": true, "eos_token": {"content": "<end>"}}"#
    let tokenizer = try Tokenizer(
      json: Array(SmallTokenizers.byteLevel.utf8), config: Array(config.utf8))
    #expect(try tokenizer.encode("low") == [257, 261])
    #expect(!tokenizer.addsBeginningOfSequence)
    #expect(tokenizer.endOfSequence == 261)
  }

  @Test func idsDoNotDependOnTheThreadCount() throws {
    let tokenizer = try SmallTokenizers.tokenizer(
      SmallTokenizers.byteLevel.replacing("\"rstrip\": true", with: "\"rstrip\": false"))
    #expect(tokenizer.hasLineSeams)
    var random = FixedRandom(seed: 5)
    let words = ["low", "lower", " low", "\n", " ", "  \n ", "x", "'s", "é", "1", ".\n", "<end>"]
    var text = ""
    while text.utf8.count < 3 << 20 { text += words.randomElement(using: &random) ?? "" }
    let bytes = Array(text.utf8)
    let parts = LineSeams.parts(bytes)
    #expect(parts.count > 2)
    let whole = try tokenizer.encode(utf8: bytes)
    #expect(try tokenizer.encode(utf8: bytes, threads: 3) == whole)
    // Against no parting at all: the same text as one part of a tokenizer that may not part it.
    let unparted = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    #expect(!unparted.hasLineSeams)
    let plain = Array(text.replacing("<end>", with: "").utf8)
    #expect(try tokenizer.encode(utf8: plain) == unparted.encode(utf8: plain))
  }

  @Test(arguments: [
    SmallTokenizers.sentencePiece, SmallTokenizers.unigram, SmallTokenizers.wordPiece,
    SmallTokenizers.byteLevel,
  ])
  func idsOfWordsInPartsAreThoseOfTheWhole(json: String) throws {
    let tokenizer = try SmallTokenizers.tokenizer(json)
    #expect(!tokenizer.hasLineSeams)
    var random = FixedRandom(seed: 7)
    // Runs of spaces and of a's merge across every place at which they could be cut.
    let words = ["a", "b", "ab", " ", "  ", "aaaaaaaaaaaaaaa", "é", "的", "\n", ",", "unaffable "]
    var text = ""
    while text.utf8.count < 5 << 19 { text += words.randomElement(using: &random) ?? "" }
    let bytes = Array(text.utf8)
    let whole = try tokenizer.encode(utf8: bytes)
    for threads in [2, 3] {
      #expect(try tokenizer.encode(utf8: bytes, threads: threads) == whole)
    }
  }

  @Test func textThatIsNotUTF8IsRefusedWithItsPlace() throws {
    let tokenizer = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    let error = #expect(throws: CheckpointError.self) {
      try tokenizer.encode(utf8: [0x61, 0x62, 0xFF, 0x63])
    }
    #expect(error?.code == .invalidText)
    #expect(error?.byteOffset == 2)
  }

  @Test func aVocabularyOfGGUFGivesTheSameIds() throws {
    let json = try SmallTokenizers.tokenizer(SmallTokenizers.byteLevel)
    var vocabulary = TokenizerVocabulary(
      model: "gpt2", preTokenizer: "gpt-2",
      tokens: (UInt8.min...UInt8.max).map { byte in
        var text: [UInt8] = []
        text.append(scalar: ByteAlphabet.scalar(of: byte))
        return text
      } + ["lo", "low", "er", "lower", "Ġlow", "<end>"].map { Array($0.utf8) })
    vocabulary.types = [Int32](repeating: 1, count: 261) + [3]
    vocabulary.merges = ["l o", "lo w", "e r", "low er", "Ġ low"].map { Array($0.utf8) }
    vocabulary.beginningOfSequence = 261
    vocabulary.addsBeginningOfSequence = true
    let tokenizer = try Tokenizer(vocabulary)
    for text in ["lower low<end>low", "  low 12", "é"] {
      #expect(try tokenizer.encode(text) == json.encode(text))
    }
  }
}
