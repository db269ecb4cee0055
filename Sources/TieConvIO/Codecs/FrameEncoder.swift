// Compressing byte planes: zstd frames with and without matches, and raw deflate.

internal import CZlib
internal import CZstd

/// Compresses buffers of at most a few megabytes, one after another, for one worker at a time.
@safe package final class FrameEncoder {
  /// Symbols under one Huffman code. The code costs some 60 bytes, so this follows changes of the
  /// statistics closely at no loss.
  private static let blockCount = 64 << 10

  private let context: OpaquePointer
  private var sequences: [ZSTD_Sequence] = []

  package init() throws(IOFailure) {
    guard let context = unsafe ZSTD_createCCtx() else {
      throw IOFailure("compress", "", reason: .other, message: "out of memory")
    }
    unsafe self.context = context
  }

  deinit { unsafe ZSTD_freeCCtx(context) }

  /// The room that compressing `count` bytes may take.
  package static func bound(_ count: Int) -> Int {
    max(ZSTD_compressBound(count), Int(compressBound(UInt(count)))) + 64
  }

  /// Writes `source` as one zstd frame of literals alone, Huffman-coded a block at a time; the
  /// result is the frame's size, nil where it does not fit.
  package func huffman(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard source.count > 0, reset(level: 1) else { return nil }
    unsafe ZSTD_CCtx_setParameter(
      context, tc_zstd_block_delimiters, Int32(ZSTD_sf_explicitBlockDelimiters.rawValue))
    unsafe ZSTD_CCtx_setParameter(
      context, tc_zstd_literal_mode, Int32(ZSTD_ps_enable.rawValue))
    sequences.removeAll(keepingCapacity: true)
    for start in stride(from: 0, to: source.count, by: Self.blockCount) {
      let count = min(Self.blockCount, source.count - start)
      sequences.append(
        ZSTD_Sequence(offset: 0, litLength: UInt32(count), matchLength: 0, rep: 0))
    }
    let size = unsafe sequences.withUnsafeBufferPointer { list in
      unsafe ZSTD_compressSequences(
        context, target.baseAddress, target.count, list.baseAddress, list.count,
        source.baseAddress, source.count)
    }
    return ZSTD_isError(size) == 0 ? size : nil
  }

  /// Writes `source` as one zstd frame of `level`; the result is the frame's size, nil where it
  /// does not fit.
  package func zstd(
    _ source: UnsafeRawBufferPointer, level: Int32, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard reset(level: level) else { return nil }
    let size = unsafe ZSTD_compress2(
      context, target.baseAddress, target.count, source.baseAddress, source.count)
    return ZSTD_isError(size) == 0 ? size : nil
  }

  /// Writes `source` as one raw deflate stream, without matches or with; nil where it does not fit.
  package func deflate(
    _ source: UnsafeRawBufferPointer, matches: Bool, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    var stream = unsafe z_stream()
    let strategy = matches ? Z_DEFAULT_STRATEGY : Z_HUFFMAN_ONLY
    guard
      unsafe deflateInit2_(
        &stream, 6, Z_DEFLATED, -15, 9, strategy, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { unsafe deflateEnd(&stream) }
    unsafe stream.next_in = UnsafeMutablePointer(
      mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
    unsafe stream.avail_in = UInt32(clamping: source.count)
    unsafe stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.avail_out = UInt32(clamping: target.count)
    guard unsafe CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return Int(unsafe stream.total_out)
  }

  private func reset(level: Int32) -> Bool {
    guard
      ZSTD_isError(unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)) == 0
    else { return false }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    return true
  }
}
