// Full buffers on their way into files: one worker writes while the others go on working.

internal import Glibc

/// Buffers that workers fill and hand over to be written.
///
/// A file system writes to one file from one thread at a time; a second one that tried would spin
/// until the first is done. So whoever hands over a buffer while nobody writes becomes the writer,
/// writes what is there and what comes meanwhile; all others get an empty buffer in exchange and
/// leave.
@safe package final class WriteQueue: @unchecked Sendable {
  private struct Entry {
    let file: OutputFile
    let place: Int
    let buffer: AlignedBuffer
    let count: Int
  }

  /// Bytes whose way to the disk is started at once.
  private static let writeback = 4 << 20

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var free: [AlignedBuffer]
  private var entries: [Entry] = []
  /// Numbered buffers that wait for a lower number.
  private var early: [Int: (file: OutputFile, buffer: AlignedBuffer, count: Int)] = [:]
  private var next = 0
  private var end: Int
  private var isWriting = false
  private var failure: IOFailure?
  /// Written, but not yet on its way to the disk; only the writer touches it.
  private var behind: (file: OutputFile, range: Range<Int>)?

  /// A queue with `spare` buffers of `capacity` bytes to exchange; what is numbered starts at byte
  /// `start`.
  package init(spare: Int, capacity: Int, start: Int = 0) {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
    free = (0..<max(1, spare)).map { _ in AlignedBuffer(count: capacity) }
    end = start
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Takes the first `count` bytes of `buffer`, which belong behind those of the number before
  /// this one. The result is an empty buffer.
  ///
  /// - Throws: what stopped the queue.
  package func submit(
    _ number: Int, to file: OutputFile, _ buffer: AlignedBuffer, count: Int
  ) throws(IOFailure) -> AlignedBuffer {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    early[number] = (file, buffer, count)
    while let (file, buffer, count) = early.removeValue(forKey: next) {
      entries.append(Entry(file: file, place: end, buffer: buffer, count: count))
      end += count
      next += 1
    }
    return try exchanged()
  }

  /// Takes the first `count` bytes of `buffer`, which belong to `place`. The result is an empty
  /// buffer.
  ///
  /// - Throws: what stopped the queue.
  package func submit(
    at place: Int, of file: OutputFile, _ buffer: AlignedBuffer, count: Int
  ) throws(IOFailure) -> AlignedBuffer {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    entries.append(Entry(file: file, place: place, buffer: buffer, count: count))
    return try exchanged()
  }

  /// Where the numbered bytes end, once all are handed over.
  package var endPlace: Int {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return end
  }

  /// Lets no one wait any more: a worker failed, and what it owed will not come.
  package func stop(_ reason: IOFailure) {
    unsafe pthread_mutex_lock(mutex)
    fail(reason)
    unsafe pthread_mutex_unlock(mutex)
  }

  private func fail(_ reason: IOFailure) {
    failure = failure ?? reason
    unsafe pthread_cond_broadcast(condition)
  }

  /// Writes, where nobody else does, and takes an empty buffer. The lock is held on entry and exit.
  private func exchanged() throws(IOFailure) -> AlignedBuffer {
    if !isWriting { drain() }
    while failure == nil && free.isEmpty { unsafe pthread_cond_wait(condition, mutex) }
    if let failure { throw failure }
    return free.removeLast()
  }

  private func drain() {
    isWriting = true
    while failure == nil && !entries.isEmpty {
      let entry = entries.removeFirst()
      unsafe pthread_mutex_unlock(mutex)
      var problem: IOFailure?
      do throws(IOFailure) {
        unsafe try entry.file.write(
          UnsafeRawBufferPointer(entry.buffer.bytes(entry.count)), at: entry.place)
        startWriteback(entry)
      } catch { problem = error }
      unsafe pthread_mutex_lock(mutex)
      free.append(entry.buffer)
      unsafe pthread_cond_signal(condition)
      if let problem { fail(problem) }
    }
    isWriting = false
  }

  /// Neighbours go to the disk together.
  private func startWriteback(_ entry: Entry) {
    var range = entry.place..<entry.place + entry.count
    if let (file, old) = behind {
      if file === entry.file, old.upperBound == range.lowerBound {
        range = old.lowerBound..<range.upperBound
      } else {
        file.startWriteback(old)
      }
    }
    behind = (entry.file, range)
    if range.count >= Self.writeback {
      entry.file.startWriteback(range)
      behind = nil
    }
  }
}
