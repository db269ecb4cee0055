// tokenizer.json as conversions read it.

/// What a tokenizer.json says.
struct TokenizerDefinition: Sendable {
  /// A token that was added to the model's own.
  struct AddedToken: Sendable, Equatable {
    var id: Int
    var content: String
    var isSpecial = false
    var isNormalized = false
  }

  private let file: TokenizerJSON
  /// Whether a word that is a token is never taken apart.
  var ignoresMerges = false
  /// Tokens added to the model's own.
  private(set) var addedTokens: [AddedToken] = []
  /// How text is split.
  var preTokenizer: JSONNode?

  /// A definition of nothing.
  init() { file = TokenizerJSON() }

  /// The model's type: `BPE`, `Unigram`, `WordPiece`…
  var kind: String { file.modelType }
  /// Whether characters out of the vocabulary become byte tokens.
  var hasByteFallback: Bool { file.model["byte_fallback"]?.bool ?? false }
  /// The token that stands for what is unknown.
  var unknownToken: String? { file.model["unk_token"]?.string }
  /// The id of the token that stands for what is unknown, in a unigram model.
  var unknownID: Int? { file.model["unk_id"]?.integer }
  /// What is done to text first.
  var normalizer: JSONNode? { file.root["normalizer"] }
  /// What is put around the ids.
  var postProcessor: JSONNode? { file.root["post_processor"] }
  /// The scores of a unigram model, by id.
  var scores: [Double] { file.scores }

  /// The model's tokens with their ids, in the file's order.
  var vocabulary: some RandomAccessCollection<(text: String, id: Int)> {
    (0..<file.tokens.count).lazy.map { [file] place in
      (text: file.text(place), id: file.id(place))
    }
  }

  /// The merges of a BPE model, best first.
  var merges: some RandomAccessCollection<(first: ArraySlice<UInt8>, second: ArraySlice<UInt8>)> {
    (0..<file.merges.count / 2).lazy.map { [file] place in
      (first: file.merges[2 * place], second: file.merges[2 * place + 1])
    }
  }

  /// One more than the greatest id.
  var size: Int { 1 + max(file.greatestID, addedTokens.lazy.map(\.id).max() ?? -1) }
}

extension TokenizerDefinition {
  /// The greatest id that is believed; the largest vocabulary known has 262 208 tokens.
  static let maximumID = 1 << 24

  /// Reads `text`.
  ///
  /// - Throws: `invalidTokenizer` where it is not the JSON of a tokenizer, or a token has no sane id.
  init(text: [UInt8], path: String) throws(CheckpointError) {
    do { file = try TokenizerJSON(text) } catch {
      throw CheckpointError(
        .invalidTokenizer, file: path, offset: error.offset,
        "tokenizer is not what it should be: \(error.message)")
    }
    ignoresMerges = file.model["ignore_merges"]?.bool ?? false
    preTokenizer = file.root["pre_tokenizer"]
    for token in file.root["added_tokens"]?.elements ?? [] {
      guard let id = token["id"]?.integer, (0..<Self.maximumID).contains(id),
        let content = token["content"]?.string
      else {
        throw CheckpointError(
          .invalidTokenizer, file: path, "an added token without a sane id, or without content")
      }
      addedTokens.append(
        AddedToken(
          id: id, content: content, isSpecial: token["special"]?.bool ?? false,
          isNormalized: token["normalized"]?.bool ?? false))
    }
    guard size <= Self.maximumID else {
      throw CheckpointError(
        .invalidTokenizer, file: path, "a token's id is out of bounds", found: "\(size - 1)",
        expected: "less than \(Self.maximumID)")
    }
  }
}
