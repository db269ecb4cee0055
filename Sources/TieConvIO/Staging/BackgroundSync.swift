// Waiting for the disk on a thread of its own, while others verify what was written.

internal import Dispatch
internal import Synchronization

/// Syncs files while the caller does something else.
package final class BackgroundSync: Sendable {
  private let group = DispatchGroup()
  private let failure = Mutex<IOFailure?>(nil)

  /// Starts to sync `files`.
  package init(_ files: [OutputFile]) {
    DispatchQueue.global().async(group: group) { [self] in
      for file in files {
        do throws(IOFailure) { try file.sync() } catch {
          failure.withLock { $0 = error }
          return
        }
      }
    }
  }

  /// Waits until every file is on the disk.
  package func wait() throws(IOFailure) {
    group.wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
