// A new file open for writing at any offset from any thread.

internal import CLinux
internal import Glibc
internal import Synchronization

/// A file that this program creates and fills with positioned writes.
package final class OutputFile: Sendable {
  package let path: String
  let descriptor: Int32
  /// Written by ``writeOnward(_:at:)``, but not yet on its way to the disk.
  private let behind = Mutex<Range<Int>>(0..<0)
  /// Bytes whose way to the disk is started at once.
  private static let writebackCount = 4 << 20

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
      if count < 0 && (errno == EINVAL || errno == EOPNOTSUPP) && stopDirect() { continue }
      throw IOFailure("write", path)
    }
  }

  /// Writes all of `buffer` at `offset` and starts its way to the disk, together with that of its
  /// neighbours before it.
  package func writeOnward(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(IOFailure) {
    unsafe try write(buffer, at: offset)
    let end = offset + buffer.count
    let due = behind.withLock { range in
      var due: [Range<Int>] = []
      if range.upperBound == offset {
        range = range.lowerBound..<end
      } else {
        due.append(range)
        range = offset..<end
      }
      if range.count >= Self.writebackCount {
        due.append(range)
        range = end..<end
      }
      return due
    }
    for range in due where !range.isEmpty { startWriteback(range) }
  }

  /// Whether blocks at multiples of `alignment`, in memory and in the file, can be written past the
  /// page cache, as far as the file system says.
  func canWriteDirect(alignment: Int) -> Bool {
    let needed = Int(tc_direct_alignment(descriptor))
    return needed > 0 && alignment % needed == 0
  }

  /// From now on writes go past the page cache; one that is refused for this or its alignment ends
  /// it and is repeated through the cache.
  func startDirect() { _ = tc_start_direct(descriptor) }

  /// Writes go through the page cache again; the result is whether they did not before.
  @discardableResult
  func stopDirect() -> Bool { tc_stop_direct(descriptor) != 0 }

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
