// A stream into a file past the page cache.
//
// Making pages costs more than everything else that writing does, the more so where the machine has
// to be given their memory first (measured on ext4 in a virtual machine: 0.2 to 2 s of processor a
// GB, against 0.06 s in blocks of 4 MiB past them). What is written this way is on the disk already
// when it is synced, but has to be read from there by whoever reads it next.

/// Gathers a stream in aligned blocks, which a thread of its own writes directly. A stream that fills
/// no block is written through the page cache.
package final class DirectSink: StreamSink, @unchecked Sendable {
  /// At which one thread reaches what the disk can do.
  static let blockCount = 4 << 20
  /// One is filled while others are written.
  private static let blocks = 4

  private let file: OutputFile
  private let writer: BlockWriter
  private var block: AlignedBuffer
  private var filledCount = 0
  package private(set) var count = 0
  package var path: String { file.path }

  /// A stream into `file`, which is new, in blocks of `blockCount` bytes, a multiple of 4096; nil
  /// where it cannot be written directly.
  init?(_ file: OutputFile, blockCount: Int = blockCount) {
    guard file.canWriteDirect(alignment: AlignedBuffer.alignment),
      let writer = BlockWriter(file, blocks: Self.blocks - 1, blockCount: blockCount)
    else { return nil }
    self.file = file
    self.writer = writer
    block = AlignedBuffer(count: blockCount)
  }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(IOFailure) {
    var start = 0
    while start < bytes.count {
      let part = min(bytes.count - start, block.count - filledCount)
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: block.bytes(block.count)[filledCount..<filledCount + part])
      unsafe room.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + part]))
      start += part
      filledCount += part
      if filledCount == block.count {
        block = try writer.exchange(block)
        filledCount = 0
      }
    }
    count += bytes.count
  }

  package func finish() throws(IOFailure) {
    try writer.finish(block, count: filledCount)
  }

  package func stop() { writer.stop() }
}
