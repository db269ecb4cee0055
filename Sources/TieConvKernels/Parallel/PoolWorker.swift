// One thread of a pool, as those see it who wake it.

internal import Dispatch
internal import Synchronization

final class PoolWorker: Sendable {
  private let asleep = Atomic<Bool>(false)
  private let bell = DispatchSemaphore(value: 0)

  func wake() {
    if asleep.exchange(false, ordering: .sequentiallyConsistent) { bell.signal() }
  }

  /// Sleeps until woken, if `idle` holds: it is asked after the worker can be woken, so that no
  /// call is missed.
  func sleep(if idle: () -> Bool) {
    asleep.store(true, ordering: .sequentiallyConsistent)
    // Whoever takes the mark back also rings, or here nobody does.
    if !idle(), asleep.exchange(false, ordering: .sequentiallyConsistent) { return }
    bell.wait()
  }
}
