// The model of a tokenizer.json: its vocabulary and its settings.

internal import TieConv

/// Reads the model of a tokenizer.json.
struct ModelReader {
  private let file: TokenizerJSON
  private let type: String
  private let isByteLevel: Bool

  /// `isByteLevel`: whether pre-tokenization ends in the byte-level alphabet; false afterwards where
  /// the vocabulary cannot be kept in bytes for it.
  init(_ file: TokenizerJSON, isByteLevel: inout Bool) {
    self.file = file
    type = file.modelType
    if type != "BPE" { isByteLevel = false }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"]
    where !(file.model[key]?.string ?? "").isEmpty { isByteLevel = false }
    if file.model["unk_token"]?.string != nil { isByteLevel = false }
    self.isByteLevel = isByteLevel
  }

  func model() throws(TokenizerError) -> TokenModel {
    switch type {
    case "BPE": .bytePair(try bytePair())
    case "Unigram": .unigram(try unigram())
    case "WordPiece":
      .wordPiece(
        WordPieceModel(
          table: try table(), unknown: try unknown(),
          continuingPrefix: Array((file.model["continuing_subword_prefix"]?.string ?? "##").utf8),
          longestWord: file.model["max_input_chars_per_word"]?.integer ?? 100))
    case "WordLevel":
      .wordPiece(
        WordPieceModel(
          table: try table(), unknown: try unknown(), continuingPrefix: [], longestWord: .max,
          takesWholeWords: true))
    default: throw TokenizerError(.unsupported, "the model \"\(type)\"")
    }
  }

  private func table() throws(TokenizerError) -> TokenTable {
    let count = file.tokens.count
    guard count > 0 else { throw TokenizerError(.malformed, "a model without a vocabulary") }
    guard file.ids.isEmpty || file.scores.isEmpty else {
      throw TokenizerError(.malformed, "two vocabularies")
    }
    var table = TokenTable(count: count)
    for place in 0..<count {
      let id = file.id(place)
      guard id <= 4 * count + 65536 else {
        throw TokenizerError(.malformed, "the id \(id) in a vocabulary of \(count)")
      }
      guard table.bytes(id) == nil else {
        throw TokenizerError(.malformed, "two tokens with the id \(id)")
      }
      let text = file.tokens[place]
      if isByteLevel {
        let bytes = ByteAlphabet.decoded(text)
        table.insert(bytes.map { $0[...] } ?? text, id: id, isFound: bytes != nil)
      } else {
        table.insert(text, id: id)
      }
    }
    return table
  }

  private func bytePair() throws(TokenizerError) -> BytePairModel {
    if let dropout = file.model["dropout"]?.double, dropout != 0 {
      throw TokenizerError(.unsupported, "dropout, with which ids are drawn by lot")
    }
    let table = try table()
    var settings = BytePairModel.Settings()
    settings.isByteLevel = isByteLevel
    settings.continuingPrefix = Array((file.model["continuing_subword_prefix"]?.string ?? "").utf8)
    settings.endSuffix = Array((file.model["end_of_word_suffix"]?.string ?? "").utf8)
    settings.fusesUnknown = file.model["fuse_unk"]?.bool ?? false
    settings.fallsBackToBytes = file.model["byte_fallback"]?.bool ?? false
    settings.ignoresMerges = file.model["ignore_merges"]?.bool ?? false
    if let unknown = file.model["unk_token"]?.string {
      let id = table.id(Array(unknown.utf8))
      guard id >= 0 else {
        throw TokenizerError(
          .malformed, "the unknown token \"\(unknown)\" is not in the vocabulary")
      }
      settings.unknown = id
    }
    return BytePairModel(
      table: table, merges: try merges(table, settings.continuingPrefix.count), settings: settings)
  }

  private func merges(
    _ table: TokenTable, _ prefixLength: Int
  ) throws(TokenizerError) -> [BytePairModel.Merge] {
    var merges: [BytePairModel.Merge] = []
    merges.reserveCapacity(file.merges.count / 2)
    var whole: [UInt8] = []
    for place in stride(from: 0, to: file.merges.count - 1, by: 2) {
      let left = spelled(file.merges[place])
      let right = spelled(file.merges[place + 1])
      whole.removeAll(keepingCapacity: true)
      whole.append(contentsOf: left)
      whole.append(contentsOf: right.dropFirst(prefixLength))
      let ids = (table.id(left), table.id(right), table.id(whole))
      guard ids.0 >= 0, ids.1 >= 0, ids.2 >= 0 else {
        throw TokenizerError(
          .malformed, "merge \(place / 2) names a token that is not in the vocabulary")
      }
      merges.append(
        BytePairModel.Merge(
          left: ids.0, right: ids.1, rank: UInt32(place / 2), merged: ids.2))
    }
    return merges
  }

  /// A merge's part as the table spells it; nothing where it cannot.
  private func spelled(_ text: ArraySlice<UInt8>) -> [UInt8] {
    isByteLevel ? ByteAlphabet.decoded(text) ?? [] : Array(text)
  }

  private func unigram() throws(TokenizerError) -> UnigramModel {
    guard file.scores.count == file.tokens.count else {
      throw TokenizerError(.malformed, "a unigram vocabulary without scores")
    }
    var unknown: Int32?
    if let node = file.model["unk_id"] {
      guard let id = node.integer, id >= 0, id < file.tokens.count else {
        throw TokenizerError(.malformed, "\"unk_id\" is not the id of a token")
      }
      unknown = Int32(id)
    }
    return UnigramModel(
      table: try table(), scores: file.scores, unknown: unknown,
      fallsBackToBytes: file.model["byte_fallback"]?.bool ?? false)
  }

  private func unknown() throws(TokenizerError) -> Int32 {
    let text = file.model["unk_token"]?.string ?? "[UNK]"
    let id = try table().id(Array(text.utf8))
    guard id >= 0 else {
      throw TokenizerError(.malformed, "the unknown token \"\(text)\" is not in the vocabulary")
    }
    return id
  }
}
