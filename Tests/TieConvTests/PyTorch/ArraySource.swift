// Bytes in memory that are read as a file.

import TieConvIO

/// A file that is nowhere.
final class ArraySource: ByteSource {
  let path = "memory.bin"
  let permissions: UInt32 = 0o644
  private let content: [UInt8]

  init(_ content: [UInt8]) { self.content = content }

  var size: Int { content.count }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(IOFailure) {
    guard offset >= 0, offset <= size, buffer.count <= size - offset else {
      throw IOFailure("read", path, reason: .unexpectedEnd, message: "past the end")
    }
    unsafe buffer.copyBytes(from: content[offset..<offset + buffer.count])
  }

  func checkUnchanged() {}
}
