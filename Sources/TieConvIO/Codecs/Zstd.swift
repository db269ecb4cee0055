// zstd frames, for the small texts that a receipt carries.

internal import CZstd

/// Compression of byte arrays into single zstd frames.
package enum Zstd {
  /// `bytes` as one frame with a content size and a checksum.
  package static func compress(_ bytes: [UInt8], level: Int32 = 9) -> [UInt8]? {
    guard let context = unsafe ZSTD_createCCtx() else { return nil }
    defer { unsafe ZSTD_freeCCtx(context) }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    let bound = ZSTD_compressBound(bytes.count)
    var failed = false
    let frame = unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let size = unsafe bytes.withUnsafeBytes { source in
        unsafe ZSTD_compress2(context, buffer.baseAddress, bound, source.baseAddress, source.count)
      }
      failed = ZSTD_isError(size) != 0
      count = failed ? 0 : size
    }
    return failed ? nil : frame
  }

  /// The content of one frame; nil where it is damaged or declares more than `limit` bytes.
  package static func decompress(_ frame: [UInt8], limit: Int) -> [UInt8]? {
    let declared = unsafe frame.withUnsafeBytes { raw in
      unsafe ZSTD_getFrameContentSize(raw.baseAddress, raw.count)
    }
    // The two highest values mean "unknown" and "error".
    guard declared <= UInt64(limit) else { return nil }
    let size = Int(declared)
    var failed = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      let result = unsafe frame.withUnsafeBytes { raw in
        unsafe ZSTD_decompress(buffer.baseAddress, size, raw.baseAddress, raw.count)
      }
      failed = ZSTD_isError(result) != 0 || result != size
      count = failed ? 0 : size
    }
    return failed ? nil : bytes
  }
}
