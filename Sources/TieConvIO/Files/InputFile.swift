// A regular file open for reading at any offset from any thread.

internal import Glibc

/// A regular file, read with positioned reads so that threads share it without a lock and a file
/// that shrinks while it is read is an error, not a signal as with a mapping.
package final class InputFile: Sendable {
  package let path: String
  /// The size in bytes when the file was opened.
  package let size: Int
  /// The permission bits, so that a copy can have them too.
  package let permissions: UInt32
  let descriptor: Int32
  private let identity: FileIdentity

  /// Opens `path`, following symbolic links.
  ///
  /// - Throws: `notRegular` for a directory, a pipe or a device: none has a size to check against.
  package init(_ path: String) throws(IOFailure) {
    // O_NONBLOCK: opening a FIFO nobody writes to must not wait for ever.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw IOFailure("open", path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let failure = IOFailure("stat", path)
      close(descriptor)
      throw failure
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw IOFailure("open", path, reason: .notRegular, message: "not a regular file")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
    permissions = status.st_mode & 0o777
    identity = FileIdentity(status)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` from `offset`.
  ///
  /// - Throws: `unexpectedEnd` where the file ends before the buffer is full.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = unsafe pread(descriptor, rest.baseAddress, rest.count, offset + done)
      if count > 0 { done += count; continue }
      if count == 0 {
        throw IOFailure(
          "read", path, reason: .unexpectedEnd,
          message: "the file ends at byte \(offset + done), while it was being read")
      }
      if errno != EINTR { throw IOFailure("read", path) }
    }
  }

  /// Checks that the file is still the one that was opened: same inode, size and change time.
  package func checkUnchanged() throws(IOFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw IOFailure("stat", path) }
    guard FileIdentity(status) == identity else {
      throw IOFailure(
        "read", path, reason: .changed, message: "the file changed while it was being read")
    }
  }

  /// Tells the kernel that reading goes front to back.
  package func adviseSequential() {
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }
}
