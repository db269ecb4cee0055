// Full buffers on their way into files: one worker writes a file while the others go on working.

/// Buffers that workers fill and hand over to be written.
///
/// A file system writes to one file from one thread at a time; a second one that tried would spin
/// until the first is done. So whoever hands over a buffer for a file that nobody writes to becomes
/// its writer, writes what is there and what comes meanwhile; all others get an empty buffer in
/// exchange and leave.
@safe package final class WriteQueue: @unchecked Sendable {
  private enum Target {
    case stream(any StreamSink)
    case place(OutputFile, Int)
  }

  private struct Entry {
    let target: Target
    let buffer: AlignedBuffer
    let count: Int
  }

  private let monitor = Monitor()
  private var free: [AlignedBuffer]
  /// What waits for the writers, who are there as long as anything does.
  private var entries: [ObjectIdentifier: [Entry]] = [:]
  /// Numbered buffers that wait for a lower number.
  private var early: [Int: Entry] = [:]
  private var next = 0
  private var failure: IOFailure?

  /// A queue with `spare` buffers of `capacity` bytes to exchange.
  package init(spare: Int, capacity: Int) {
    free = (0..<max(1, spare)).map { _ in AlignedBuffer(count: capacity) }
  }

  /// Takes the first `count` bytes of `buffer`, to append them to `sink` after those of the number
  /// before this one. The result is an empty buffer.
  ///
  /// - Throws: what stopped the queue.
  package func submit(
    _ number: Int, to sink: any StreamSink, _ buffer: AlignedBuffer, count: Int
  ) throws(IOFailure) -> AlignedBuffer {
    monitor.lock()
    defer { monitor.unlock() }
    early[number] = Entry(target: .stream(sink), buffer: buffer, count: count)
    var due: [Entry] = []
    while let entry = early.removeValue(forKey: next) {
      due.append(entry)
      next += 1
    }
    return try exchanged(due, for: ObjectIdentifier(sink))
  }

  /// Takes the first `count` bytes of `buffer`, which belong to `place`. The result is an empty
  /// buffer.
  ///
  /// - Throws: what stopped the queue.
  package func submit(
    at place: Int, of file: OutputFile, _ buffer: AlignedBuffer, count: Int
  ) throws(IOFailure) -> AlignedBuffer {
    monitor.lock()
    defer { monitor.unlock() }
    let entry = Entry(target: .place(file, place), buffer: buffer, count: count)
    return try exchanged([entry], for: ObjectIdentifier(file))
  }

  /// Lets no one wait any more: a worker failed, and what it owed will not come.
  package func stop(_ reason: IOFailure) {
    monitor.lock()
    fail(reason)
    monitor.unlock()
  }

  private func fail(_ reason: IOFailure) {
    failure = failure ?? reason
    monitor.wakeAll()
  }

  /// Has `due` written to `file`, by the caller where nobody else writes there, and takes an empty
  /// buffer. The lock is held on entry and exit.
  private func exchanged(
    _ due: [Entry], for file: ObjectIdentifier
  ) throws(IOFailure) -> AlignedBuffer {
    if entries[file] == nil {
      entries[file] = due
      drain(file)
    } else {
      entries[file, default: []] += due
    }
    while failure == nil && free.isEmpty { monitor.wait() }
    if let failure { throw failure }
    return free.removeLast()
  }

  private func drain(_ file: ObjectIdentifier) {
    while failure == nil, let entry = entries[file]?.first {
      entries[file]?.removeFirst()
      monitor.unlock()
      var problem: IOFailure?
      do throws(IOFailure) { try Self.write(entry) } catch { problem = error }
      monitor.lock()
      free.append(entry.buffer)
      monitor.wakeOne()
      if let problem { fail(problem) }
    }
    entries[file] = nil
  }

  private static func write(_ entry: Entry) throws(IOFailure) {
    let bytes = unsafe UnsafeRawBufferPointer(entry.buffer.bytes(entry.count))
    switch entry.target {
    case .stream(let sink): unsafe try sink.append(bytes)
    case .place(let file, let place): unsafe try file.writeOnward(bytes, at: place)
    }
  }
}
