// Limits of this process that it may raise for itself.

internal import Glibc

/// Resource limits.
package enum ProcessLimits {
  /// Lets the process open as many files as the system allows it: a checkpoint may have more
  /// shards than the usual 1024 at once.
  package static func raiseOpenFiles() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(resource, &limit)
  }
}
