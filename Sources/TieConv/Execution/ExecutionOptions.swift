// What every long operation may be told: how many threads, whom to tell, when to stop.

public import TieConvIO
internal import TieConvKernels

/// How much of a piece of work is done.
public struct Progress: Sendable, Equatable {
  /// What is being done, as a present participle: "copying".
  public let activity: String
  /// What is counted.
  public enum Unit: Sendable { case bytes, tokens }

  /// How much is done.
  public let done: Int
  /// How much there is in all.
  public let total: Int
  /// What `done` and `total` count.
  public let unit: Unit

  package init(activity: String, done: Int, total: Int, unit: Unit = .bytes) {
    self.activity = activity
    self.done = done
    self.total = total
    self.unit = unit
  }
}

/// Settings that change how an operation runs, never what comes out of it.
public struct ExecutionOptions: Sendable {
  /// Worker threads; results do not depend on the number.
  public var threads: Int
  /// Raised by the caller to stop the work, which then cleans up and throws `interrupted`.
  public var cancellation: Cancellation
  /// Called from worker threads as work proceeds.
  public var progress: (@Sendable (Progress) -> Void)?

  /// Settings with one thread a processor.
  public init(
    threads: Int? = nil, cancellation: Cancellation = Cancellation(),
    progress: (@Sendable (Progress) -> Void)? = nil
  ) {
    self.threads = max(1, threads ?? ParallelLoop.defaultThreads)
    self.cancellation = cancellation
    self.progress = progress
  }
}
