// One line on stderr that moves as work proceeds.

internal import Synchronization
internal import TieConv
internal import TieConvIO

/// Draws progress in place; the line is gone when the work is done.
final class ProgressLine: Sendable {
  private let last = Mutex<String>("")

  func show(_ progress: Progress) {
    let percent = progress.total > 0 ? progress.done * 100 / progress.total : 100
    let total =
      switch progress.unit {
      case .bytes: ByteCount.described(progress.total)
      case .tokens: "\(progress.total) tokens"
      }
    let text = "\(progress.activity) \(percent) % of \(total)"
    last.withLock { last in
      guard text != last else { return }
      last = text
      let isDone = progress.done >= progress.total
      StandardStream.error.write(isDone ? "\r\u{1B}[K" : "\r\u{1B}[K" + text)
    }
  }
}
