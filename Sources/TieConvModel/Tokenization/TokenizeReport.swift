// A text file as token ids, with what a user wants to know of it.

public import TieConv

/// The ids of a text file.
public struct TokenizeReport: Sendable {
  /// The ids.
  public let ids: [Int32]
  /// The size of the text in bytes.
  public let bytes: Int
  /// One more than the tokenizer's greatest id.
  public let vocabularySize: Int

  /// Encodes the text file at `path`.
  ///
  /// - Parameters:
  ///   - path: the file, UTF-8.
  ///   - tokenizer: what to encode with.
  ///   - addSpecial: whether the tokens that go around a text are put there.
  ///   - threads: how many to use at most.
  /// - Throws: `invalidText` where the text is not UTF-8; what reading it fails with.
  public init(
    of path: String, with tokenizer: Tokenizer, addSpecial: Bool = true, threads: Int = 1
  ) throws(CheckpointError) {
    let text = try Tokenizer.text(at: path)
    bytes = text.count
    do throws(CheckpointError) {
      ids = try tokenizer.encode(utf8: text, addSpecial: addSpecial, threads: threads)
    } catch  where error.code == .invalidText && error.file == nil {
      throw CheckpointError(
        .invalidText, file: path, offset: error.byteOffset, error.message,
        hint: "convert the text to UTF-8 first")
    }
    vocabularySize = tokenizer.vocabularySize
  }

  /// Writes the ids to `path`.
  ///
  /// - Parameters:
  ///   - path: where they go.
  ///   - spelling: how; nil for a NumPy array where the name ends in `.npy`, else bare numbers as
  ///     wide as the vocabulary asks for.
  ///   - replaces: whether what lies at `path` may be replaced.
  /// - Throws: `invalidTokens` where an id does not fit the spelling; `outputExists`, `writeFailed`.
  public func write(
    to path: String, as spelling: TokenFile.Spelling? = nil, replaces: Bool = false
  ) throws(CheckpointError) {
    let spelling =
      spelling ?? (path.hasSuffix(".npy") ? .npy : .bare(vocabularySize: vocabularySize))
    if spelling == .uint16, let id = ids.first(where: { $0 >= 1 << 16 }) {
      throw CheckpointError(
        .invalidTokens, file: path, "an id does not fit two bytes", found: "\(id)",
        hint: "use --as uint32")
    }
    try TokenFile.write(ids, to: path, as: spelling, replaces: replaces)
  }

  /// The report as JSON: `tokens`, `bytes`, `vocabulary_size`, and `ids` where asked for.
  public func json(listsIds: Bool) -> JSONText {
    var members: [(String, JSONText)] = [
      ("tokens", .integer(ids.count)), ("bytes", .integer(bytes)),
      ("vocabulary_size", .integer(vocabularySize)),
    ]
    if listsIds { members.append(("ids", .array(ids.map { .integer(Int($0)) }))) }
    return .object(members)
  }
}
