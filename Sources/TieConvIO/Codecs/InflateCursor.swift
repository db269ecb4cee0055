// A place in a raw deflate stream from which decoding goes on.

internal import CZlib

/// Decodes one raw deflate stream front to back; a copy can be kept to come back to a place.
///
/// One thread at a time uses a cursor.
@safe final class InflateCursor: @unchecked Sendable {
  /// Bytes decoded so far.
  private(set) var position = 0
  /// Bytes of the stream handed to zlib so far; what it has not consumed of them is read again.
  private var consumed = 0
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(IOFailure) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard
      unsafe inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      unsafe stream.deallocate()
      throw IOFailure("decompress", "", reason: .other, message: "out of memory")
    }
  }

  /// A cursor at the place of `other`.
  init(copying other: InflateCursor) throws(IOFailure) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    guard unsafe inflateCopy(stream, other.stream) == Z_OK else {
      unsafe stream.deallocate()
      throw IOFailure("decompress", "", reason: .other, message: "out of memory")
    }
    position = other.position
    consumed = other.consumed
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Fills `target` with what comes next; `input` is asked for the stream's bytes from an offset.
  ///
  /// - Throws: `damaged` where the stream is not valid or ends before `target` is full.
  func decode(
    into target: UnsafeMutableRawBufferPointer, block: AlignedBuffer,
    input: (UnsafeMutableRawBufferPointer, Int) throws(IOFailure) -> Int
  ) throws(IOFailure) {
    var done = 0
    while done < target.count {
      let room = unsafe block.bytes(block.count)
      let count = unsafe try input(room, consumed)
      unsafe stream.pointee.next_in = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe stream.pointee.avail_in = UInt32(count)
      let wanted = min(target.count - done, 1 << 30)
      unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        .advanced(by: done)
      unsafe stream.pointee.avail_out = UInt32(wanted)
      let status = unsafe inflate(stream, Z_NO_FLUSH)
      let taken = unsafe count - Int(stream.pointee.avail_in)
      let given = unsafe wanted - Int(stream.pointee.avail_out)
      consumed += taken
      position += given
      done += given
      let isStuck = taken == 0 && given == 0
      guard status == Z_OK || (status == Z_STREAM_END && done == target.count), !isStuck else {
        throw IOFailure(
          "decompress", "", reason: .damaged, message: "its deflate stream is not valid")
      }
    }
  }
}
