// From a tokenizer.json to a tokenizer: every part known by name, or refused by name.

public import TieConv

extension Tokenizer {
  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - json: the text of the file.
  ///   - config: the text of the `tokenizer_config.json` beside it, whose `add_bos_token` and
  ///     `add_eos_token`, where they are there, decide what goes around a text, as in transformers.
  ///   - file: the name for messages.
  /// - Throws: `invalidTokenizer` where it contradicts itself or the format, `unsupportedFormat`
  ///   where it names a step that this version does not know: nothing that changes ids is ignored.
  public init(
    json: [UInt8], config: [UInt8]? = nil, file: String = "tokenizer.json"
  ) throws(CheckpointError) {
    do throws(TokenizerError) {
      guard json.count <= TokenizerJSON.maximumSize else {
        throw TokenizerError(.malformed, "larger than any tokenizer")
      }
      let contents: TokenizerJSON
      do throws(JSONSyntaxError) {
        contents = try TokenizerJSON(json)
      } catch {
        throw TokenizerError(.malformed, error.message, offset: error.offset)
      }
      self = try TokenizerBuilder(contents, source: file).tokenizer(config: config)
    } catch {
      throw CheckpointError(error, file: file)
    }
  }

  /// Reads the tokenizer at `path`: a tokenizer.json itself, or what lies beside a checkpoint.
  public init(opening path: String) throws(CheckpointError) {
    guard path.hasSuffix(".json"), !path.hasSuffix(".safetensors.index.json") else {
      self = try Tokenizer(of: try Checkpoint(opening: path))
      return
    }
    try self.init(json: try Tokenizer.text(at: path), file: path)
  }

  /// Reads the tokenizer of a checkpoint: out of a GGUF file's metadata, else what lies beside the
  /// weights.
  ///
  /// - Throws: `notFound` where there is neither; as ``init(json:config:file:)``.
  public init(of checkpoint: Checkpoint) throws(CheckpointError) {
    if let shard = checkpoint.shards.first, let header = shard.gguf,
      let vocabulary = try TokenizerVocabulary(header.metadata, file: shard.path)
    {
      try self.init(vocabulary, file: shard.path)
      return
    }
    guard
      let json = try checkpoint.companion(
        "tokenizer.json", maximumSize: TokenizerJSON.maximumSize)
    else {
      throw CheckpointError(
        .notFound, file: checkpoint.folder, "no tokenizer.json beside the weights",
        hint: "give text as token ids (.npy or .bin), or save the tokenizer with the fast format")
    }
    let config = try checkpoint.companion("tokenizer_config.json", maximumSize: 64 << 20)
    try self.init(json: json, config: config)
  }
}

/// What is wrong with a tokenizer.
struct TokenizerError: Error {
  enum Kind { case malformed, unsupported }

  let kind: Kind
  let message: String
  var offset: Int?

  init(_ kind: Kind, _ message: String, offset: Int? = nil) {
    self.kind = kind
    self.message = message
    self.offset = offset
  }
}

extension CheckpointError {
  init(_ error: TokenizerError, file: String) {
    switch error.kind {
    case .malformed:
      self.init(.invalidTokenizer, file: file, offset: error.offset, error.message)
    case .unsupported:
      self.init(
        .unsupportedFormat, file: file,
        "the tokenizer uses \(error.message), which is not supported",
        hint: "encode the text with the tokenizers package, and give the ids (.npy or .bin)")
    }
  }
}
