// What is wrong with a JSON text, and where.

/// A JSON text that is not well-formed, or breaks a limit of this reader.
public struct JSONSyntaxError: Error, Sendable, Equatable {
  /// The kind of fault.
  public enum Kind: Sendable, Equatable {
    /// The bytes are not UTF-8.
    case encoding
    /// The grammar of RFC 8259 is broken.
    case syntax
    /// Arrays and objects nest deeper than the reader follows.
    case depth
    /// One object names a key twice.
    case duplicateKey(String)
  }

  /// The kind of fault.
  public let kind: Kind
  /// Byte offset of the fault within the text.
  public let offset: Int
  /// What was expected, in words.
  public let message: String

  package init(kind: Kind, offset: Int, message: String) {
    self.kind = kind
    self.offset = offset
    self.message = message
  }
}
