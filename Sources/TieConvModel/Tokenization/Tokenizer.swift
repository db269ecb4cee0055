// A tokenizer: text to ids, ids to text.

/// A tokenizer read from `tokenizer.json` or from the vocabulary of a GGUF file.
///
/// Ids are those of the `tokenizers` package. Two things that a `tokenizer.json` may hold are left
/// out on purpose: truncation and padding, which are about batches, not about text.
public struct Tokenizer: Sendable {
  let model: TokenModel
  let normalizers: [Normalizer]
  let preTokenizers: [PreTokenizer]
  let decoders: [TokenDecoder]?
  /// Added tokens, by id.
  let added: [Int32: AddedToken]
  let rawFinder: AddedTokenFinder
  let normalizedFinder: AddedTokenFinder
  /// Ids that go before and behind a text.
  let prefix: [Int32]
  let suffix: [Int32]
  /// Where it was read from, for messages.
  let source: String
  /// Whether a line feed between two ASCII letters may part a text, for encoding in parallel.
  let hasLineSeams: Bool

  /// One more than the greatest id.
  public var vocabularySize: Int {
    max(model.table.size, added.keys.max().map { Int($0) + 1 } ?? 0)
  }

  /// The id that stands before every text; nil where the tokenizer puts none there.
  public var beginningOfSequence: Int32? { prefix.first }

  /// The id that stands behind every text; nil where the tokenizer puts none there.
  public var endOfSequence: Int32? { suffix.last }

  /// Whether a text starts with ``beginningOfSequence``: perplexity windows start with it then, and
  /// only then.
  public var addsBeginningOfSequence: Bool { !prefix.isEmpty }

  /// The id of the token that is spelled `text` in the vocabulary; nil where there is none.
  public func id(of text: String) -> Int32? {
    let bytes = Array(text.utf8)
    if let token = added.values.first(where: { $0.content == bytes }) { return token.id }
    let spelled = model.isByteLevel ? ByteAlphabet.decoded(bytes[...]) : bytes
    guard let spelled, case let id = model.table.id(spelled), id >= 0 else { return nil }
    return id
  }
}
