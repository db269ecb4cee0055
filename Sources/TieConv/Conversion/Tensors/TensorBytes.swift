// A stored tensor's bytes as they are.

internal import TieConvIO

/// A range of a file as a tensor.
final class TensorBytes: ByteSource {
  let path: String
  let size: Int
  let permissions: UInt32 = 0o666
  private let source: any ByteSource
  private let start: Int

  /// The bytes of `info`, one of `shard`'s.
  init(_ shard: Shard, _ info: TensorInfo) {
    path = shard.path
    source = shard.file
    let range = shard.fileRange(of: info)
    start = range.lowerBound
    size = range.count
  }

  func checkUnchanged() throws(IOFailure) { try source.checkUnchanged() }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    try checkBounds(buffer.count, at: offset)
    unsafe try source.read(into: buffer, at: start + offset)
  }
}
