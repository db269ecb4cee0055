// Laws of tokenizer files: damaged ones are one clear error, and names of pre-tokenizers stand for what
// they are read from.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct TokenizerTests {
  private static func bytes(_ name: String) throws -> [UInt8] {
    let file = try InputFile("\(Testdata.root)/conversion/\(name)")
    return try file.bytes(in: 0..<file.size)
  }

  @Test func aCutSentencePieceModelIsNeverReadAsAnother() throws {
    let bytes = try Self.bytes("sentencepiece/tokenizer.model")
    let whole = try SentencePieceModel(bytes: bytes, path: "m")
    #expect(whole.pieces.count == 348)
    #expect(whole.kind == .bpe)
    for count in 0..<bytes.count {
      // A cut between two fields is a shorter message; anywhere else it is an error.
      do throws(CheckpointError) {
        let cut = try SentencePieceModel(bytes: Array(bytes[..<count]), path: "m")
        #expect(cut.pieces == Array(whole.pieces[..<cut.pieces.count]))
      } catch {
        #expect(error.code == .invalidTokenizer)
      }
    }
  }

  @Test(arguments: ["sentencepiece/tokenizer.model", "byte-level/tokenizer.json"])
  func aFlippedBitIsReadOrRefused(name: String) throws {
    var bytes = try Self.bytes(name)
    for place in stride(from: 0, to: bytes.count, by: 3) {
      let bit = UInt8(1) << UInt8(place % 8)
      bytes[place] ^= bit
      do throws(CheckpointError) {
        if name.hasSuffix(".model") {
          _ = try SentencePieceModel(bytes: bytes, path: name)
        } else {
          _ = try TokenizerDefinition(text: bytes, path: name)
        }
      } catch {
        #expect(error.code == .invalidTokenizer)
      }
      bytes[place] ^= bit
    }
  }

  @Test func aCutTokenizerJSONIsRefused() throws {
    let bytes = try Self.bytes("byte-level/tokenizer.json")
    let whole = try TokenizerDefinition(text: bytes, path: "t")
    #expect(whole.vocabulary.count > 256 && whole.addedTokens.count == 5)
    for count in 0..<bytes.count - 1 {
      #expect(throws: CheckpointError.self) {
        try TokenizerDefinition(text: Array(bytes[..<count]), path: "t")
      }
    }
  }

  @Test func tokensAreToldApartByTheirBytes() throws {
    // One character in two spellings: Swift's strings call them equal.
    let text = #"{"model":{"type":"BPE","vocab":{"\u00e9":0,"e\u0301":1},"merges":[]}}"#
    let definition = try TokenizerDefinition(text: Array(text.utf8), path: "t")
    #expect(definition.vocabulary.map(\.id) == [0, 1])
    #expect(TokenText("\u{E9}") != TokenText("e\u{301}"))
  }

  @Test(arguments: ["gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "qwen35", "tekken", "gpt-4o"])
  func aPreTokenizerIsReadAsWhatItIsWrittenFor(name: String) throws {
    let pre = try #require(PreTokenizer(ggufName: name))
    var definition = TokenizerDefinition()
    definition.preTokenizer = try JSONNode.parse(Array(pre.json.compact.utf8))
    definition.ignoresMerges = pre.ignoresMerges
    #expect(PreTokenizer(definition, cleansSpaces: false)?.ggufName == name)
    // With merges taken otherwise, or another pattern, it is another tokenizer.
    definition.ignoresMerges.toggle()
    #expect(PreTokenizer(definition, cleansSpaces: false)?.ggufName != name)
  }

  @Test func anUnknownPreTokenizerHasNoName() throws {
    let spellings = [
      #"{"type":"Whitespace"}"#, #"{"type":"ByteLevel","add_prefix_space":true}"#,
      #"{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated","invert":false}"#,
    ]
    for spelling in spellings {
      var definition = TokenizerDefinition()
      definition.preTokenizer = try JSONNode.parse(Array(spelling.utf8))
      #expect(PreTokenizer(definition, cleansSpaces: false)?.ggufName == nil)
    }
  }

  @Test func titlesAndSizesAreSpelledAsTheConverterSpellsThem() {
    #expect(GeneralKeys.title("smol-tied-bf16") == "Smol Tied Bf16")
    #expect(GeneralKeys.title("Qwen2.5-7B-Instruct v1.0 x") == "Qwen2.5 7B Instruct v1.0 X")
    #expect(GeneralKeys.sizeLabel(134_515_008) == "135M")
    #expect(GeneralKeys.sizeLabel(1_543_714_304) == "1.5B")
    #expect(GeneralKeys.sizeLabel(94_000) == "94K")
    #expect(GeneralKeys.sizeLabel(8_030_261_248) == "8.0B")
    #expect(GeneralKeys.sizeLabel(1_020_000) == "1.0M")
  }
}
