// Memory for activations that is used again: fresh pages cost as much as the arithmetic on them.

internal import Synchronization

/// Blocks of floats that were given back, by size.
final class BufferStore: Sendable {
  @safe private struct Block: @unchecked Sendable {
    let floats: UnsafeMutablePointer<Float>
  }

  private let free = Mutex<[Int: [Block]]>([:])

  deinit {
    free.withLock { blocks in
      for block in blocks.values.joined() { unsafe block.floats.deallocate() }
    }
  }

  /// A block of `count` floats with arbitrary content, aligned to a cache line.
  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    if let found = free.withLock({ $0[count]?.popLast() }) { return unsafe found.floats }
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
    return unsafe bytes.bindMemory(to: Float.self, capacity: max(1, count))
  }

  /// Takes a block of `count` floats back.
  func give(back floats: UnsafeMutablePointer<Float>, count: Int) {
    let block = unsafe Block(floats: floats)
    free.withLock { $0[count, default: []].append(block) }
  }
}
