// Adds up what the workers have done and passes it on, not too often.

internal import Synchronization

/// Counts bytes done across threads.
final class ProgressMeter: Sendable {
  private let activity: String
  private let total: Int
  private let step: Int
  private let done = Atomic<Int>(0)
  private let report: (@Sendable (Progress) -> Void)?

  init(_ activity: String, total: Int, _ options: ExecutionOptions) {
    self.activity = activity
    self.total = total
    step = max(1, total / 200)
    report = options.progress
  }

  /// Adds `bytes` that are done.
  func advance(_ bytes: Int) {
    guard let report else { return }
    let (before, after) = done.add(bytes, ordering: .relaxed)
    if before / step != after / step || after >= total {
      report(Progress(activity: activity, done: min(after, total), total: total))
    }
  }
}
