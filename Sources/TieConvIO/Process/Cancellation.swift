// A request to stop, which a signal or a library user raises and long work looks at.

internal import Glibc
internal import Synchronization

/// A flag that long work checks between blocks.
public final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)

  /// A flag that is not raised.
  public init() {}

  /// Asks the work to stop; it cleans up and fails with `interrupted`.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether a stop was asked for.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Throws where a stop was asked for.
  package func check() throws(IOFailure) {
    if isCancelled {
      throw IOFailure("continue", "", reason: .interrupted, message: "interrupted")
    }
  }

  /// The flag that this process's signals raise, once ``catchSignals()`` was called.
  package static let ofProcess = Cancellation()

  /// From now on SIGINT, SIGTERM and SIGHUP raise ``ofProcess`` the first time and end the
  /// process the second time, and a closed pipe is an error value, not a signal.
  package static func catchSignals() {
    _ = ofProcess  // made here, because making it inside a handler would not be safe
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { _ in Cancellation.ofProcess.cancel() }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      unsafe sigaction(number, &action, nil)
    }
    signal(SIGPIPE, SIG_IGN)
  }
}
