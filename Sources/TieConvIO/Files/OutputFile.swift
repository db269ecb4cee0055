// A new file open for writing at any offset from any thread.

internal import CLinux
internal import Glibc

/// A file that this program creates and fills with positioned writes.
package final class OutputFile: Sendable {
  package let path: String
  let descriptor: Int32

  /// Creates `path`, which must not exist, with `permissions` less the process's mask.
  package init(creating path: String, permissions: UInt32 = 0o666) throws(IOFailure) {
    let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
    let descriptor = unsafe open(path, flags, permissions)
    guard descriptor >= 0 else { throw IOFailure("create", path) }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: [UInt8], at offset: Int) throws(IOFailure) {
    var failure: IOFailure?
    unsafe bytes.withUnsafeBytes { raw in
      do throws(IOFailure) { unsafe try write(raw, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Writes all of `buffer` at `offset`.
  package func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(IOFailure) {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
      let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
      if count > 0 { done += count; continue }
      if count < 0 && errno == EINTR { continue }
      throw IOFailure("write", path)
    }
  }

  /// Starts writing `range` to the disk without waiting, so that a later ``sync()`` is short.
  package func startWriteback(_ range: Range<Int>) {
    _ = tc_start_writeback(descriptor, Int64(range.lowerBound), Int64(range.count))
  }

  /// Waits until the file's bytes and size are on the disk.
  package func sync() throws(IOFailure) {
    while fdatasync(descriptor) != 0 {
      if errno != EINTR { throw IOFailure("sync", path) }
    }
  }
}
