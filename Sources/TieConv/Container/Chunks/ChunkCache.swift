// The few chunks that were decoded last, for readers that take less than a chunk at a time.

internal import Synchronization
internal import TieConvIO

/// Decoded chunks by number; the oldest goes first.
final class ChunkCache: Sendable {
  private struct State {
    var chunks: [Int: AlignedBuffer] = [:]
    var order: [Int] = []
  }

  // A buffer is filled before it gets here and only read from then on.
  private let state = Mutex(State())
  private let capacity: Int

  /// A cache of a few megabytes of chunks of `span` bytes.
  init(span: Int) { capacity = max(4, (12 << 20) / span) }

  /// The bytes of chunk `number`; nil where they are not kept.
  func chunk(_ number: Int) -> AlignedBuffer? { state.withLock { $0.chunks[number] } }

  /// Keeps the bytes of chunk `number`.
  func keep(_ buffer: AlignedBuffer, as number: Int) {
    state.withLock { state in
      guard state.chunks.updateValue(buffer, forKey: number) == nil else { return }
      state.order.append(number)
      if state.order.count > capacity { state.chunks[state.order.removeFirst()] = nil }
    }
  }
}
