// Buffers kept between calls, so that a product does not ask the system for zeroed pages each time.

internal import Synchronization

@safe final class ScratchStore: Sendable {
  @safe private struct Buffer: @unchecked Sendable {
    let address: UnsafeMutableRawBufferPointer
  }

  private let kept = Mutex<[Buffer]>([])

  /// As many as calls can run at a time; more would be memory that nobody uses.
  private let mostKept: Int

  init(keeping mostKept: Int) { self.mostKept = mostKept }

  deinit {
    kept.withLock { buffers in
      buffers.forEach { unsafe $0.address.deallocate() }
    }
  }

  /// Lends at least `byteCount` bytes, aligned to 64, with arbitrary content.
  func withBytes<Result, E: Error>(
    _ byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Result
  ) throws(E) -> Result {
    let buffer = take(byteCount)
    defer { give(back: buffer) }
    return try unsafe body(buffer.address)
  }

  private func take(_ byteCount: Int) -> Buffer {
    let found = kept.withLock { buffers in
      buffers.firstIndex { unsafe $0.address.count >= byteCount }
        .map { buffers.remove(at: $0) }
    }
    return unsafe found
      ?? Buffer(address: .allocate(byteCount: max(64, byteCount), alignment: 64))
  }

  private func give(back buffer: Buffer) {
    kept.withLock { buffers in
      buffers.append(buffer)
      if buffers.count > mostKept {
        let least = buffers.indices.min { x, y in
          unsafe buffers[x].address.count < buffers[y].address.count
        }
        if let least { unsafe buffers.remove(at: least).address.deallocate() }
      }
    }
  }
}
