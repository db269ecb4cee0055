// A lock that its holder can wait under: what Synchronization has no type for.

internal import Glibc

/// A mutex and one condition.
@safe final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  func lock() { unsafe pthread_mutex_lock(mutex) }
  func unlock() { unsafe pthread_mutex_unlock(mutex) }
  /// Gives up the lock until somebody wakes the caller, who then looks again.
  func wait() { unsafe pthread_cond_wait(condition, mutex) }
  func wakeOne() { unsafe pthread_cond_signal(condition) }
  func wakeAll() { unsafe pthread_cond_broadcast(condition) }
}
