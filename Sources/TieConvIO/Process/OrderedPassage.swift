// Workers that finish in any order and must pass one point in the order of their numbers.

internal import Glibc

/// A point that numbered workers pass one at a time, in order.
@safe package final class OrderedPassage: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var next = 0
  private var isClosed = false

  package init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Waits until every lower number has passed, runs `body` and lets the next one pass.
  ///
  /// - Throws: `interrupted` where the passage was closed meanwhile.
  package func pass<T>(_ number: Int, _ body: () -> T) throws(IOFailure) -> T {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while next != number && !isClosed { unsafe pthread_cond_wait(condition, mutex) }
    guard !isClosed else {
      throw IOFailure("continue", "", reason: .interrupted, message: "interrupted")
    }
    let result = body()
    next += 1
    unsafe pthread_cond_broadcast(condition)
    return result
  }

  /// Lets no one pass any more: a worker failed, and those behind it must not wait for it.
  package func close() {
    unsafe pthread_mutex_lock(mutex)
    isClosed = true
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
