// Mutated tokenizers and files of token ids: an answer within the vocabulary, or one error.

import TieConv
import TieConvModel

/// Runs what reads text and ids.
enum TokenizerCheck {
  /// Words that most vocabularies cut, spaces of several kinds, marks, emoji, and a long run.
  private static let text = Array(
    ("lower ab é, 的 e\u{301} <end>  12345\r\n\n\tI'LL 🙂‍↔️ \u{0}\u{AD}\u{3000}x "
      + String(repeating: "ab", count: 300)).utf8)

  /// Reads `json` as a tokenizer, encodes, and decodes.
  static func run(_ json: [UInt8]) throws {
    try run { () throws(CheckpointError) in try Tokenizer(json: json) }
  }

  /// The same for the vocabulary of a GGUF file, where it has one.
  static func run(_ metadata: GGUFMetadata) throws {
    try run { () throws(CheckpointError) in
      try TokenizerVocabulary(metadata).map { vocabulary throws(CheckpointError) in
        try Tokenizer(vocabulary)
      }
    }
  }

  private static func run(_ body: () throws(CheckpointError) -> Tokenizer?) throws {
    do throws(CheckpointError) {
      guard let tokenizer = try body() else { return }
      let ids = try tokenizer.encode(utf8: text, addSpecial: false)
      _ = try tokenizer.decode(ids)
      try check(ids, tokenizer.vocabularySize)
    } catch {
      try check(error)
    }
  }

  /// Reads `bytes` as token ids, each way.
  static func runIDs(_ bytes: [UInt8]) throws {
    for spelling in TokenFile.Spelling.allCases.map(Optional.some) + [nil] {
      do throws(CheckpointError) {
        try check(try TokenFile(bytes, vocabularySize: 1000, spelling: spelling).ids, 1000)
      } catch {
        try check(error)
      }
    }
  }

  private static func check(_ ids: [Int32], _ size: Int) throws(CheckpointError) {
    guard ids.allSatisfy({ $0 >= 0 && Int($0) < size }) else {
      throw CheckpointError(.verificationFailed, "an id beyond the vocabulary")
    }
  }

  private static func check(_ error: CheckpointError) throws {
    let expected: Set<CheckpointError.Code> = [
      .invalidTokenizer, .unsupportedFormat, .invalidText, .invalidTokens, .tooLarge,
    ]
    if !expected.contains(error.code) { throw Violation("the code \(error.code.rawValue)") }
    if error.line.contains("\n") { throw Violation("an error of more than one line") }
  }
}
