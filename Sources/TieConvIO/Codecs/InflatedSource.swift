// A deflated run of a file, read at any offset as if it were stored.

internal import CZlib
internal import Synchronization

/// The content of a raw deflate stream within a file.
///
/// A stream decodes front to back only. Cursors that were used last go on from where they stopped,
/// and one copy is kept every few megabytes, so that a read anywhere decodes little beside what was
/// asked for.
package final class InflatedSource: ByteSource {
  package let path: String
  /// The size of the content.
  package let size: Int
  package var permissions: UInt32 { file.permissions }

  /// One kept copy takes about 40 KiB, so this is half a percent of the content.
  private static let interval = 8 << 20
  private static let liveCount = 4
  private static let inputCount = 64 << 10

  private struct Places {
    var kept: [InflateCursor] = []
    var live: [InflateCursor] = []
  }

  private let file: any ByteSource
  private let range: Range<Int>
  private let places = Mutex(Places())

  /// The content, `size` bytes, of the stream that fills `range` of `file`.
  package init(_ file: any ByteSource, range: Range<Int>, size: Int) {
    self.file = file
    self.range = range
    self.size = size
    path = file.path
  }

  package func checkUnchanged() throws(IOFailure) { try file.checkUnchanged() }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    guard offset >= 0, offset <= size, buffer.count <= size - offset else {
      throw IOFailure(
        "read", path, reason: .unexpectedEnd, message: "a deflated entry ends before it should")
    }
    guard buffer.count > 0 else { return }
    let cursor = try cursor(before: offset)
    let block = AlignedBuffer(count: Self.inputCount)
    let waste = AlignedBuffer(count: min(max(1, offset - cursor.position), 256 << 10))
    while cursor.position < offset {
      let count = min(waste.count, offset - cursor.position)
      unsafe try step(cursor, waste.bytes(count), block)
    }
    var done = 0
    while done < buffer.count {
      let count = min(buffer.count - done, 256 << 10)
      unsafe try step(
        cursor, UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count]), block)
      done += count
    }
    places.withLock { places in
      places.live.append(cursor)
      if places.live.count > Self.liveCount { places.live.removeFirst() }
    }
  }

  /// The cursor that is nearest before `offset`, for this thread alone.
  private func cursor(before offset: Int) throws(IOFailure) -> InflateCursor {
    let (live, kept) = places.withLock { places -> (InflateCursor?, InflateCursor?) in
      let kept = places.kept.last { $0.position <= offset }
      let place = places.live.indices.filter { places.live[$0].position <= offset }
        .max { places.live[$0].position < places.live[$1].position }
      guard let place, places.live[place].position >= kept?.position ?? 0 else {
        return (nil, kept)
      }
      return (places.live.remove(at: place), nil)
    }
    if let live { return live }
    if let kept { return try InflateCursor(copying: kept) }
    return try InflateCursor()
  }

  private func step(
    _ cursor: InflateCursor, _ target: UnsafeMutableRawBufferPointer, _ block: AlignedBuffer
  ) throws(IOFailure) {
    do {
      unsafe try cursor.decode(into: target, block: block) {
        (room, start) throws(IOFailure) -> Int in
        let count = min(room.count, range.count - start)
        guard count > 0 else { return 0 }
        unsafe try file.read(
          into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]),
          at: range.lowerBound + start)
        return count
      }
    } catch {
      guard error.reason == .damaged else { throw error }
      throw IOFailure(
        "read", path, reason: .damaged,
        message: "the deflated entry at byte \(range.lowerBound) is damaged")
    }
    try keep(cursor)
  }

  /// Keeps a copy of `cursor` where it has come far beyond the last one that is kept.
  private func keep(_ cursor: InflateCursor) throws(IOFailure) {
    let last = places.withLock { $0.kept.last?.position ?? 0 }
    guard cursor.position - last >= Self.interval else { return }
    let copy = try InflateCursor(copying: cursor)
    places.withLock { places in
      if copy.position - (places.kept.last?.position ?? 0) >= Self.interval {
        places.kept.append(copy)
      }
    }
  }
}
