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

  private static func definition(_ preTokenizer: String, ignoresMerges: Bool = false) throws
    -> TokenizerDefinition
  {
    var definition = TokenizerDefinition()
    definition.preTokenizer = try JSONNode.parse(Array(preTokenizer.utf8))
    definition.ignoresMerges = ignoresMerges
    return definition
  }

  @Test(arguments: [
    "gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "qwen35", "tekken", "gpt-4o", "deepseek-v3",
    "deepseek-llm", "deepseek-coder", "falcon", "bloom", "viking", "seed-coder", "bailingmoe",
    "jais-2", "exaone-moe", "minicpm5", "laguna", "granite-embed-multi-97m", "tiny_aya", "youtu",
    "ufakzeka", "default",
  ])
  func aPreTokenizerIsReadAsWhatItIsWrittenFor(name: String) throws {
    let pre = try #require(GGUFPreTokenizer(name: name))
    let definition = try Self.definition(pre.json.compact, ignoresMerges: pre.ignoresMerges)
    #expect(GGUFPreTokenizer(definition)?.ggufName(cleansSpaces: false) == name)
    // With merges taken otherwise it is another tokenizer.
    let other = try Self.definition(pre.json.compact, ignoresMerges: !pre.ignoresMerges)
    #expect(GGUFPreTokenizer(other)?.ggufName(cleansSpaces: false) != name)
  }

  @Test func spellingsOfOnePatternAreOneName() throws {
    func name(_ pattern: String) throws -> String? {
      let split = JSONText.object([
        ("type", "Split"), ("pattern", ["Regex": .string(pattern)]), ("behavior", "Isolated"),
      ])
      let byteLevel: JSONText = [
        "type": "ByteLevel", "add_prefix_space": false, "use_regex": false,
      ]
      let sequence: JSONText = ["type": "Sequence", "pretokenizers": .array([split, byteLevel])]
      return GGUFPreTokenizer(try Self.definition(sequence.compact))?.ggufName(cleansSpaces: false)
    }
    let qwen2 = SplitPattern.qwen2
    #expect(try name(qwen2) == "qwen2")
    let spelled = qwen2.replacing(
      mark: SplitPattern.contractions,
      with: "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])")
    #expect(spelled != qwen2)
    #expect(try name(spelled) == "qwen2")
    #expect(try name(qwen2.replacing(mark: #"\r\n"#, with: "\r\n")) == "qwen2")
    #expect(try name(#" ?[^(\s|[.,!?…。，、।۔،])]+"#) == "bloom")
    #expect(try name(qwen2 + "|x") == nil)
  }

  @Test func anUnknownPreTokenizerHasNoName() throws {
    let spellings = [
      #"{"type":"Whitespace"}"#, #"{"type":"ByteLevel","add_prefix_space":true}"#,
      #"{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated","invert":false}"#,
      // Falcon's own file: behind the byte alphabet a space is no space any more.
      #"{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}"#,
    ]
    for spelling in spellings {
      let definition = try Self.definition(spelling)
      #expect(GGUFPreTokenizer(definition)?.ggufName(cleansSpaces: false) == nil)
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
