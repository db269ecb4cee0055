// CRC-32 as zip and gzip use it (ISO 3309), through zlib.

internal import CZlib

/// The checksum of a run of bytes that comes in parts.
package struct CRC32: Sendable {
  /// The checksum of what came so far.
  package private(set) var value: UInt32 = 0

  package init() {}

  /// Takes in `bytes`.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    value = UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(value), start, bytes.count))
  }
}
