// One piece of work on a thread of its own, while the caller does something else.

internal import Dispatch
internal import Synchronization

/// Work that runs beside its caller.
package final class BackgroundWork<Success: Sendable>: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<Success, IOFailure>?>(nil)

  /// Starts `body`.
  package init(_ body: @escaping @Sendable () throws(IOFailure) -> Success) {
    DispatchQueue.global().async(group: group) { [self] in
      let outcome = Result(catching: body)
      result.withLock { $0 = outcome }
    }
  }

  /// Waits for the end of the work and returns what came of it.
  package func value() throws(IOFailure) -> Success {
    group.wait()
    guard let outcome = result.withLock({ $0 }) else {
      throw IOFailure("wait", "", reason: .other, message: "the work did not run")
    }
    return try outcome.get()
  }
}
