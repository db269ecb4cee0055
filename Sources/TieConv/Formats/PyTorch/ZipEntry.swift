// One entry of a zip archive, after everything that is said of it twice was found to agree.

/// A stored or deflated file within an archive.
struct ZipEntry: Sendable, Equatable {
  /// The path within the archive.
  let name: String
  /// Where its bytes stand in the archive's file.
  let range: Range<Int>
  /// The size of its content in bytes.
  let size: Int
  /// Whether the content is deflated.
  let isDeflated: Bool
  /// The CRC-32 of the content.
  let checksum: UInt32
}

/// What the central directory says of an entry.
struct ZipDirectoryEntry: Sendable {
  let name: [UInt8]
  let flags: UInt16
  let method: UInt16
  let checksum: UInt32
  let storedSize: UInt64
  let size: UInt64
  let headerOffset: UInt64

  /// Whether sizes and checksum follow the data rather than precede it.
  var hasDescriptor: Bool { flags & 8 != 0 }
}
