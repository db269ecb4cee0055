// One line on stderr that moves as work proceeds.

internal import Synchronization
internal import TieConv
internal import TieConvIO

/// Draws progress in place; the line is gone when the work is done.
final class ProgressLine: Sendable {
  private struct State {
    var shown = ""
    var activity = ""
    var start = ContinuousClock.now
    /// Where the activity was when it was first heard of.
    var first = 0
  }

  private let state = Mutex(State())

  func show(_ progress: Progress) {
    state.withLock { state in
      if state.activity != progress.activity || progress.done < state.first {
        state = State(
          shown: state.shown, activity: progress.activity, start: .now, first: progress.done)
      }
      let text = Self.text(
        progress, since: state.first, elapsed: ContinuousClock.now - state.start)
      guard text != state.shown else { return }
      state.shown = text
      let isDone = progress.done >= progress.total
      StandardStream.error.write(isDone ? "\r\u{1B}[K" : "\r\u{1B}[K" + text)
    }
  }

  /// "copying 40 % of 20 GB, 1.2 GB/s, 10 s left"; the rate once there has been a second to take
  /// it from.
  static func text(_ progress: Progress, since first: Int, elapsed: Duration) -> String {
    let percent = progress.total > 0 ? progress.done * 100 / progress.total : 100
    let unit = progress.unit
    let head = "\(progress.activity) \(percent) % of \(amount(progress.total, unit))"
    let seconds = elapsed / .seconds(1)
    guard seconds >= 1, progress.done > first else { return head }
    let rate = Double(progress.done - first) / seconds
    let left = Int((Double(progress.total - progress.done) / rate).rounded(.up))
    return "\(head), \(amount(Int(rate), unit))/s, \(duration(left)) left"
  }

  private static func amount(_ count: Int, _ unit: Progress.Unit) -> String {
    switch unit {
    case .bytes: ByteCount.described(count)
    case .tokens: "\(count) tokens"
    }
  }

  private static func duration(_ seconds: Int) -> String {
    if seconds < 100 { return "\(seconds) s" }
    return seconds < 6000 ? "\((seconds + 30) / 60) min" : "\((seconds + 1800) / 3600) h"
  }
}
