// What a system call that failed says: which operation, on which path, with which errno.

internal import Glibc

/// A failed system call, or an input or output that is not what it must be.
public struct IOFailure: Error, Sendable, Equatable {
  /// Why it failed, as far as a caller acts on it.
  public enum Reason: Sendable, Equatable {
    case notFound, permission, diskFull, exists, interrupted, changed, unexpectedEnd
    case notRegular, unsafePath, unsupported, damaged, wrongBase, other
    /// A number is beyond what the target's element type can hold.
    case unrepresentable
  }

  /// What was tried, as a verb phrase: "read", "rename".
  public let operation: String
  /// The path that it was tried on.
  public let path: String
  /// Why it failed.
  public let reason: Reason
  /// The failure in words, without the path.
  public let message: String

  package init(_ operation: String, _ path: String, reason: Reason, message: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
    self.message = message
  }

  /// The failure that `errno` names.
  package init(_ operation: String, _ path: String, errno code: Int32 = errno) {
    let reason: Reason =
      switch code {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM, EROFS: .permission
      case ENOSPC, EDQUOT, EFBIG: .diskFull
      case EEXIST, ENOTEMPTY: .exists
      case EINVAL, ENOSYS, EOPNOTSUPP, EXDEV: .unsupported
      default: .other
      }
    let words = unsafe String(cString: strerror(code))
    self.init(operation, path, reason: reason, message: "cannot \(operation): \(words)")
  }
}
