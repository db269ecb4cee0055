// Damaged and hostile tokenizer files: one error each, and nothing else.

import Testing
import TieConv

@testable import TieConvModel

@Suite struct DamagedTokenizerTests {
  private static let text = Array("lower ab é, 的 <end> 12\n\n".utf8)

  /// An answer or one error of the kinds that a tokenizer may end in.
  private static func run(_ json: [UInt8]) {
    do throws(CheckpointError) {
      let tokenizer = try Tokenizer(json: json)
      let ids = try tokenizer.encode(utf8: text)
      _ = try tokenizer.decode(ids)
      #expect(ids.allSatisfy { $0 >= 0 })
    } catch {
      let expected: Set<CheckpointError.Code> = [
        .invalidTokenizer, .unsupportedFormat, .invalidText, .tooLarge,
      ]
      #expect(expected.contains(error.code), "\(error.line)")
      #expect(!error.line.contains("\n"))
    }
  }

  @Test(arguments: [SmallTokenizers.unigram, SmallTokenizers.wordPiece])
  func everyCutAndFlippedBitIsAnAnswerOrAnError(_ json: String) {
    let bytes = Array(json.utf8)
    for end in bytes.indices { Self.run(Array(bytes[..<end])) }
    for place in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[place] ^= 1 << UInt8(bit)
        Self.run(flipped)
      }
    }
  }

  @Test(arguments: [SmallTokenizers.byteLevel, SmallTokenizers.sentencePiece])
  func everyCutIsAnError(_ json: String) {
    let bytes = Array(json.utf8)
    for end in stride(from: 0, to: bytes.count, by: 7) {
      #expect(throws: CheckpointError.self) { try Tokenizer(json: Array(bytes[..<end])) }
    }
  }

  @Test(arguments: [
    ("{}", CheckpointError.Code.invalidTokenizer),
    (#"{"model": {"type": "BPE", "vocab": {"a": 4000000000}, "merges": []}}"#, .invalidTokenizer),
    (#"{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}}"#, .invalidTokenizer),
    (#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}"#, .invalidTokenizer),
    (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}"#, .invalidTokenizer),
    (#"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b c"]}}"#, .invalidTokenizer),
    (
      #"{"model": {"type": "BPE", "dropout": 0.1, "vocab": {"a": 0}, "merges": []}}"#,
      .unsupportedFormat
    ),
    (
      #"{"model": {"type": "BPE", "unk_token": "?", "vocab": {"a": 0}, "merges": []}}"#,
      .invalidTokenizer
    ),
    (#"{"model": {"type": "Markov", "vocab": {"a": 0}}}"#, .unsupportedFormat),
    (#"{"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", 0.0]]}}"#, .invalidTokenizer),
    (#"{"model": {"type": "Unigram", "vocab": [["a", 1e999]]}}"#, .invalidTokenizer),
    (#"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#, .invalidTokenizer),
    (
      #"{"normalizer": {"type": "Rot13"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
      .unsupportedFormat
    ),
    (
      #"{"pre_tokenizer": {"type": "UnicodeScripts"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
      .unsupportedFormat
    ),
    (
      #"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?<=a)b"}, "behavior": "Isolated"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
      .unsupportedFormat
    ),
    (
      #"{"added_tokens": [{"id": 4000000000, "content": "x"}], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#,
      .invalidTokenizer
    ),
  ])
  func whatIsWrongIsNamed(_ json: String, _ code: CheckpointError.Code) {
    let error = #expect(throws: CheckpointError.self) { try Tokenizer(json: Array(json.utf8)) }
    #expect(error?.code == code)
  }

  @Test func stepsNestedWithoutEndAreRefused() {
    let open = String(repeating: #"{"type": "Sequence", "normalizers": ["#, count: 50)
    let json =
      #"{"normalizer": "# + open + #"{"type": "NFC"}"# + String(repeating: "]}", count: 50)
      + #", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
    #expect(throws: CheckpointError.self) { try Tokenizer(json: Array(json.utf8)) }
  }

  @Test func vocabulariesThatContradictThemselvesAreRefused() {
    var vocabulary = TokenizerVocabulary(model: "llama", tokens: [[0x61], [0x62]])
    vocabulary.scores = [1]
    #expect(throws: CheckpointError.self) { try Tokenizer(vocabulary) }
    vocabulary.scores = [1, .nan]
    #expect(throws: CheckpointError.self) { try Tokenizer(vocabulary) }
    vocabulary.scores = [1, 2]
    vocabulary.beginningOfSequence = 2
    #expect(throws: CheckpointError.self) { try Tokenizer(vocabulary) }
    vocabulary = TokenizerVocabulary(model: "gpt2", preTokenizer: "unheard-of", tokens: [[0x61]])
    #expect(throws: CheckpointError.self) { try Tokenizer(vocabulary) }
  }
}
