// Threads that stay, for work in pieces too short to start threads for.

internal import CTieConvKernels
internal import Synchronization

/// A fixed number of threads that run numbered parts. The partition is the caller's, so results
/// that are stored by part never depend on the thread count, nor on which thread ran what.
package final class ThreadPool: Sendable {
  /// The calling thread and the pool's own.
  package let threads: Int
  private let state: PoolState
  /// Buffers that outlive a call, for those that need the same scratch over and over.
  let scratch: ScratchStore

  /// A pool of `threads` threads; below 1 counts as 1.
  package init(threads: Int = ParallelLoop.defaultThreads) {
    self.threads = max(1, threads)
    scratch = ScratchStore(keeping: self.threads)
    state = PoolState(workers: self.threads - 1)
  }

  deinit { state.stop() }

  /// Calls `body` once for every part in `0..<parts` and returns when all have returned. Called
  /// from inside a part, or while another thread uses the pool, it runs the parts itself.
  package func run(parts: Int, _ body: @Sendable (_ part: Int) -> Void) {
    guard parts > 1, threads > 1, state.acquire() else {
      for part in 0..<max(0, parts) { body(part) }
      return
    }
    defer { state.release() }
    withoutActuallyEscaping(body) { escaping in
      unsafe withUnsafePointer(to: escaping) { unsafe state.run(parts: parts, $0) }
    }
  }
}
