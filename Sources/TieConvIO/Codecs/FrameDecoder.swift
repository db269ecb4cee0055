// Decompressing what FrameEncoder, or anyone else, wrote: exactly one frame, exactly one size.

internal import CZlib
internal import CZstd

/// Decompresses buffers of at most a few megabytes, for one worker at a time.
@safe package final class FrameDecoder {
  private let context: OpaquePointer

  package init() throws(IOFailure) {
    guard let context = unsafe ZSTD_createDCtx() else {
      throw IOFailure("decompress", "", reason: .other, message: "out of memory")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeDCtx(context) }

  /// Fills `target` with the content of one zstd frame; false where `source` is anything else than
  /// one whole frame, without dictionary, of that content size.
  package func zstd(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    // A skippable frame has content size 0; several frames are longer than the first.
    guard unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count) == UInt64(target.count),
      unsafe ZSTD_findFrameCompressedSize(source.baseAddress, source.count) == source.count,
      unsafe ZSTD_getDictID_fromFrame(source.baseAddress, source.count) == 0
    else { return false }
    let size = unsafe ZSTD_decompressDCtx(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    return ZSTD_isError(size) == 0 && size == target.count
  }

  /// Fills `target` with the content of one raw deflate stream; false where `source` is anything
  /// else than one whole stream of that content size.
  package func inflate(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var stream = unsafe z_stream()
    guard
      unsafe inflateInit2_(
        &stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return false }
    defer { unsafe inflateEnd(&stream) }
    unsafe stream.next_in = UnsafeMutablePointer(
      mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.avail_in = UInt32(clamping: source.count)
    unsafe stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.avail_out = UInt32(clamping: target.count)
    let status = unsafe CZlib.inflate(&stream, Z_FINISH)
    let isExact = unsafe stream.avail_in == 0 && stream.avail_out == 0
    return status == Z_STREAM_END && isExact
  }
}
