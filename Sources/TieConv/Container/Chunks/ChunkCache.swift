// The few chunks that were decoded last, for readers that take less than a chunk at a time.

internal import Synchronization
internal import TieConvIO

/// Decoded chunks by number; the oldest goes first, and its room is used again.
final class ChunkCache: Sendable {
  private struct State {
    var chunks: [Int: AlignedBuffer] = [:]
    var order: [Int] = []
    /// Rooms that nobody reads any more.
    var free: [AlignedBuffer] = []
  }

  // A buffer is filled before it gets here and only read from then on, until nobody has it.
  private let state = Mutex(State())
  private let capacity: Int
  private let span: Int

  /// A cache of a few megabytes of chunks of `span` bytes.
  init(span: Int) {
    self.span = span
    capacity = max(4, (12 << 20) / span)
  }

  /// The bytes of chunk `number`; nil where they are not kept.
  func chunk(_ number: Int) -> AlignedBuffer? { state.withLock { $0.chunks[number] } }

  /// Room for a chunk, with anything in it. Making pages for a new one would take as long as
  /// decoding does.
  func room() -> AlignedBuffer {
    state.withLock { $0.free.popLast() } ?? AlignedBuffer(count: span)
  }

  /// Keeps the bytes of chunk `number`.
  func keep(_ buffer: AlignedBuffer, as number: Int) {
    state.withLock { state in
      guard state.chunks.updateValue(buffer, forKey: number) == nil else { return }
      state.order.append(number)
      guard state.order.count > capacity else { return }
      var oldest = state.chunks.removeValue(forKey: state.order.removeFirst())
      if isKnownUniquelyReferenced(&oldest), let oldest { state.free.append(oldest) }
    }
  }
}
