// Fixed blocks on a bounded number of threads.

internal import CTieConvKernels
internal import Dispatch
internal import Synchronization

/// Runs numbered blocks in parallel. Callers store each block's result by its number and merge in
/// that order, so that no result depends on the thread count.
package enum ParallelLoop {
  /// The processors that this program may run on.
  package static var defaultThreads: Int { Int(tc_usable_processors()) }

  /// Calls `body` once for every block in `0..<blocks`, from at most `threads` workers numbered
  /// from 0; one worker runs one block at a time. Blocks start in increasing order. If blocks
  /// throw, the error of the lowest one is thrown, and blocks above it may never start.
  package static func run<E: Error>(
    blocks: Int, threads: Int, _ body: @Sendable (_ block: Int, _ worker: Int) throws(E) -> Void
  ) throws(E) {
    let workers = min(blocks, max(1, threads))
    guard workers > 1 else {
      for block in 0..<max(0, blocks) { try body(block, 0) }
      return
    }
    let next = Atomic(0)
    // Every block below a failed one has started, so the lowest failure is always seen.
    let end = Atomic(blocks)
    let failure = Mutex<(block: Int, error: E)?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      while true {
        let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard block < end.load(ordering: .relaxed) else { return }
        do throws(E) {
          try body(block, worker)
        } catch {
          end.min(block, ordering: .relaxed)
          failure.withLock { lowest in
            if block < lowest?.block ?? Int.max { lowest = (block, error) }
          }
        }
      }
    }
    if let lowest = failure.withLock({ $0 }) { throw lowest.error }
  }
}
