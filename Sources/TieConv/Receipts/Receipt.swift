// The record that an edit leaves: what was done and why, and all it takes to undo it exactly.

public import TieConvIO

/// What an edit did, proof of it, and the way back.
public struct Receipt: Sendable, Equatable {
  /// The file that holds it in a folder.
  public static let fileName = "tieconv-receipt.json"
  /// The `__metadata__` key that holds it in a lone file.
  public static let metadataKey = "tieconv.receipt"
  /// The version of the receipt's form that this library writes and reads.
  static let currentFormat = 1

  /// What was done.
  public enum Operation: String, Sendable { case tie, untie, convert }

  /// One tensor that the edit dropped, added or renamed.
  public struct Tensor: Sendable, Equatable {
    /// What was done to it.
    public enum Action: String, Sendable { case dropped, added, renamed }
    /// What was done to it.
    public let action: Action
    /// Its name; before the edit, where it was renamed.
    public let name: String
    /// The stored tensor that has its bytes now (`dropped`), that its bytes were taken from
    /// (`added`), or its name after the edit (`renamed`); nil where the bytes are gone.
    public let counterpart: String?
    /// Its element type.
    public let dtype: DType
    /// Its shape.
    public let shape: Shape
    /// The digest of its bytes.
    public var digest: SHA256Digest?
  }

  /// A run of bytes of an original file.
  enum Piece: Sendable, Equatable {
    case literal([UInt8])
    /// A range of the data section of an edited weight file.
    case data(file: String, range: Range<Int>)
    /// A range of what an edited weight file has before its data section.
    case head(file: String, range: Range<Int>)
    /// All of an edited file.
    case file(String)
  }

  /// How to make the original again out of the edited checkpoint.
  struct Restoration: Sendable, Equatable {
    /// Original files that differ from the edited file of their name, or have none.
    var files: [(name: String, pieces: [Piece])] = []
    /// Edited files that the original does not have.
    var absent: [String] = []

    static func == (one: Self, other: Self) -> Bool {
      one.absent == other.absent && one.files.map(\.name) == other.files.map(\.name)
        && one.files.map(\.pieces) == other.files.map(\.pieces)
    }
  }

  /// What an edited file was when the receipt was written, so that a later change is noticed.
  public struct FileState: Sendable, Equatable {
    /// The file's name.
    public let name: String
    /// The digest of a safetensors file's header, or of all of any other file.
    public let digest: SHA256Digest
  }

  /// The version of tieconv that wrote it.
  public var version: String
  /// What was done.
  public var operation: Operation
  /// The verdict on the original.
  public var verdict: String
  /// Why the edit was right, in a sentence.
  public var reason: String
  /// The tensors that the edit concerned.
  public var tensors: [Tensor]
  /// The flags that it changed.
  public var flagEdits: [ModelConfig.FlagEdit]
  /// The state of the weights, index and config after the edit.
  public var files: [FileState]
  /// The way back; nil where bytes were given up.
  var restoration: Restoration?
  /// The GGUF file that the folder was converted from, if it was.
  public var origin: GGUFOrigin?

  /// Whether the original can be made again, byte for byte.
  public var isReversible: Bool { restoration != nil }
}
