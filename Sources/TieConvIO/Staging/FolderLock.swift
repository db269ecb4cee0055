// A lock on a folder that ends with its process, however that ends.

internal import Glibc

/// An exclusive advisory lock on a folder.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Locks `folder`; nil where another process holds it or it is gone.
  package init?(_ folder: String) {
    descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0,
      unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0
    else { return nil }  // deinit closes
  }

  /// Ends the lock before the object goes.
  package func release() { flock(descriptor, LOCK_UN) }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
