// Whether a read lies within a tensor that is made while it is read.

internal import TieConvIO

extension ByteSource {
  /// Checks that `count` bytes from `offset` on lie within the source.
  func checkBounds(_ count: Int, at offset: Int) throws(IOFailure) {
    guard offset >= 0, count <= size - offset else {
      throw IOFailure("read", path, reason: .unexpectedEnd, message: "past the end of a tensor")
    }
  }
}
