// tokenizer.model: a small strict reader of the one protobuf message that matters.
//
// Fields (sentencepiece_model.proto): 1 pieces {1 piece, 2 score, 3 type}, 2 trainer_spec
// {3 model_type, 24 treat_whitespace_as_suffix, 35 byte_fallback, 40...43 unk, bos, eos, pad},
// 3 normalizer_spec {2 precompiled_charsmap, 3 add_dummy_prefix, 4 remove_extra_whitespaces,
// 5 escape_whitespaces}.

/// What a SentencePiece model file says.
struct SentencePieceModel: Sendable {
  /// How text is segmented.
  enum Kind: UInt64, Sendable { case unigram = 1, bpe = 2, word = 3, character = 4 }

  /// What a piece is; the numbers are those of GGUF's token types.
  enum PieceType: UInt64, Sendable {
    case normal = 1, unknown = 2, control = 3, userDefined = 4, unused = 5, byte = 6
  }

  /// One piece.
  struct Piece: Sendable, Equatable {
    var text: String
    var score: Float = 0
    var type = PieceType.normal
  }

  /// The largest file that is read; real ones are below 10 MB.
  static let maximumSize = 64 << 20

  private(set) var pieces: [Piece] = []
  private(set) var kind = Kind.unigram
  private(set) var addsDummyPrefix = true
  private(set) var removesExtraWhitespace = true
  private(set) var charactersMap: [UInt8] = []
  /// A rule that llama.cpp's unigrams do not have; the last one that the file states.
  private(set) var unsupportedRule: String?

  /// Reads `bytes`.
  ///
  /// - Throws: `invalidTokenizer` where they are not such a message.
  init(bytes: [UInt8], path: String) throws(CheckpointError) {
    do throws(ProtobufFault) {
      var message = ProtobufReader(bytes[...])
      while let field = try message.next() {
        switch (field.number, field.value) {
        case (1, .bytes(let content)): pieces.append(try Self.piece(content))
        case (2, .bytes(let content)): try readTrainer(content)
        case (3, .bytes(let content)): try readNormalizer(content)
        default: continue
        }
      }
    } catch {
      throw CheckpointError(
        .invalidTokenizer, file: path, offset: error.offset,
        "not a SentencePiece model: \(error.message)")
    }
    guard !pieces.isEmpty, pieces.count <= TokenizerDefinition.maximumID else {
      throw CheckpointError(
        .invalidTokenizer, file: path, "not a SentencePiece model",
        found: "\(pieces.count) pieces")
    }
  }

  private static func piece(_ content: ArraySlice<UInt8>) throws(ProtobufFault) -> Piece {
    var message = ProtobufReader(content)
    var piece = Piece(text: "")
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let text)):
        if let fault = Array(text).firstInvalidUTF8() {
          throw ProtobufFault(offset: text.startIndex + fault, message: "a piece is not UTF-8")
        }
        piece.text = String(decoding: text, as: UTF8.self)
      case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
      case (3, .varint(let type)):
        guard let type = PieceType(rawValue: type) else {
          throw ProtobufFault(offset: content.startIndex, message: "an unknown type of piece")
        }
        piece.type = type
      default: continue
      }
    }
    return piece
  }

  private mutating func readTrainer(_ content: ArraySlice<UInt8>) throws(ProtobufFault) {
    var message = ProtobufReader(content)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (3, .varint(let value)):
        guard let kind = Kind(rawValue: value) else {
          throw ProtobufFault(offset: content.startIndex, message: "an unknown model type")
        }
        self.kind = kind
      case (24, .varint(let flag)) where flag != 0: unsupportedRule = "treat_whitespace_as_suffix"
      case (35, .varint(let flag)) where flag != 0: unsupportedRule = "byte_fallback"
      default: continue
      }
    }
  }

  private mutating func readNormalizer(_ content: ArraySlice<UInt8>) throws(ProtobufFault) {
    var message = ProtobufReader(content)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let map)): charactersMap = Array(map)
      case (3, .varint(let flag)): addsDummyPrefix = flag != 0
      case (4, .varint(let flag)): removesExtraWhitespace = flag != 0
      case (5, .varint(let flag)) where flag == 0: unsupportedRule = "no escape_whitespaces"
      default: continue
      }
    }
  }
}
