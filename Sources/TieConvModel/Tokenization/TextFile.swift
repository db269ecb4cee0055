// Reading a text that is to be encoded.

public import TieConv
internal import TieConvIO

extension Tokenizer {
  /// The bytes of the text file at `path`, unchanged: no line ending is translated, no mark dropped.
  ///
  /// - Throws: what reading fails with; `unreadable` beyond 4 GiB.
  public static func text(at path: String) throws(CheckpointError) -> [UInt8] {
    do throws(IOFailure) {
      let file = try InputFile(path)
      guard file.size <= 4 << 30 else {
        throw IOFailure("read", path, reason: .other, message: "a text of more than 4 GiB")
      }
      return try file.bytes(in: 0..<file.size)
    } catch {
      throw CheckpointError(error)
    }
  }
}
