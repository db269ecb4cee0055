// A thread that writes blocks to a file, one after another, while others are being filled.

internal import Glibc

/// Writes blocks directly, in the order in which they come; the last, which is not full, directly as
/// far as it is whole pages.
///
/// The rest of the last page alone goes through the page cache, after everything else: so no page of
/// the cache ever lies over bytes that are written past it.
@safe final class BlockWriter: @unchecked Sendable {
  private let file: OutputFile
  private let monitor = Monitor()
  private var free: [AlignedBuffer]
  private var full: [(block: AlignedBuffer, count: Int)] = []
  /// Nothing more will come.
  private var isClosed = false
  private var failure: IOFailure?
  /// Where the next block belongs; only the thread touches it.
  private var place = 0
  private var thread = pthread_t()
  private var hasEnded = false

  /// A writer with `blocks` blocks of `blockCount` bytes to exchange, whose thread runs until
  /// ``finish(_:count:)`` or ``stop()``; nil where there can be no further thread.
  init?(_ file: OutputFile, blocks: Int, blockCount: Int) {
    self.file = file
    free = (0..<blocks).map { _ in AlignedBuffer(count: blockCount) }
    let context = unsafe Unmanaged.passRetained(self)
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        if let context = unsafe context {
          unsafe Unmanaged<BlockWriter>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      return nil
    }
  }

  /// Takes a full block to be written; the result is one to fill.
  func exchange(_ block: AlignedBuffer) throws(IOFailure) -> AlignedBuffer {
    monitor.lock()
    defer { monitor.unlock() }
    full.append((block, block.count))
    monitor.wakeAll()
    while failure == nil && free.isEmpty { monitor.wait() }
    if let failure { throw failure }
    return free.removeLast()
  }

  /// Takes the first `count` bytes of the last block, and waits until all is written.
  func finish(_ block: AlignedBuffer, count: Int) throws(IOFailure) {
    end { if count > 0 { full.append((block, count)) } }
    if let failure { throw failure }
  }

  /// Waits until the write under way is over, and drops the others.
  func stop() { end { full.removeAll() } }

  /// Lets the thread end once it has done what `last` leaves, and waits for it.
  private func end(_ last: () -> Void) {
    guard !hasEnded else { return }
    hasEnded = true
    monitor.lock()
    last()
    isClosed = true
    monitor.wakeAll()
    monitor.unlock()
    pthread_join(thread, nil)
  }

  private func run() {
    monitor.lock()
    defer { monitor.unlock() }
    while true {
      while full.isEmpty && !isClosed { monitor.wait() }
      guard failure == nil, !full.isEmpty else { return }
      let (block, count) = full.removeFirst()
      monitor.unlock()
      var problem: IOFailure?
      do throws(IOFailure) { try write(block, count) } catch { problem = error }
      monitor.lock()
      failure = problem
      free.append(block)
      monitor.wakeAll()
    }
  }

  private func write(_ block: AlignedBuffer, _ count: Int) throws(IOFailure) {
    if place == 0 && count == block.count { file.startDirect() }
    let bytes = unsafe UnsafeRawBufferPointer(block.bytes(count))
    let whole = count - count % AlignedBuffer.alignment
    unsafe try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<whole]), at: place)
    if whole < count {
      file.stopDirect()
      unsafe try file.write(UnsafeRawBufferPointer(rebasing: bytes[whole...]), at: place + whole)
    }
    place += count
  }
}
