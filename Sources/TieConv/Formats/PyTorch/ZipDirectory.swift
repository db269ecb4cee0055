// The end records and the central directory of a zip archive.
//
// PKWARE APPNOTE 6.3.10, sections 4.3.12 (central directory), 4.3.14 and 4.3.15 (zip64), 4.3.16 (end
// record), 4.5.3 (zip64 extra field). Readers differ where records repeat or contradict each other;
// here any such archive is refused, so that all of them see the same files.

internal import TieConvIO

/// Reads the list of an archive's entries.
struct ZipDirectory {
  /// The largest directory that is read: a million entries take about 100 MB.
  private static let maximumSize = 256 << 20

  private let file: any ByteSource

  init(_ file: any ByteSource) { self.file = file }

  /// The entries, and where the directory starts.
  func read() throws -> (entries: [ZipDirectoryEntry], start: Int) {
    let end = try endRecord()
    guard end.size <= UInt64(Self.maximumSize), end.start <= UInt64(end.limit),
      end.size == UInt64(end.limit) - end.start
    else {
      throw fault(
        "the central directory is not where the end record says", at: end.limit,
        found: "\(end.size) bytes at \(end.start)", expected: "an end at \(end.limit)")
    }
    guard end.count <= end.size / 46 else {
      throw fault(
        "the end record counts more entries than fit", at: end.limit, found: "\(end.count)",
        expected: "at most \(end.size / 46)")
    }
    let start = Int(end.start)
    var bytes = LittleEndianBytes(try file.bytes(in: start..<end.limit))
    var entries: [ZipDirectoryEntry] = []
    entries.reserveCapacity(Int(end.count))
    for _ in 0..<Int(end.count) {
      let place = start + bytes.place
      guard let entry = Self.entry(&bytes) else {
        throw fault("an entry of the central directory is damaged", at: place)
      }
      entries.append(entry)
    }
    guard bytes.rest == 0 else {
      throw fault("bytes after the last entry of the directory", at: start + bytes.place)
    }
    return (entries, start)
  }

  private func fault(
    _ message: String, at offset: Int, found: String? = nil, expected: String? = nil
  ) -> PyTorchFault {
    PyTorchFault(.invalidArchive, at: offset, message, found: found, expected: expected)
  }

  // MARK: End records

  private struct End {
    var count: UInt64
    var size: UInt64
    var start: UInt64
    /// Where the directory must end: the first end record begins here.
    var limit: Int
  }

  private func endRecord() throws -> End {
    let first = max(0, file.size - 22 - 65535)
    let tail = try file.bytes(in: first..<file.size)
    // The record's last field is the length of a comment that runs to the end of the file.
    let places = stride(from: tail.count - 22, through: 0, by: -1).filter { place in
      tail[place] == 0x50 && tail[place...].starts(with: [0x50, 0x4B, 0x05, 0x06])
        && Int(tail[place + 20]) | Int(tail[place + 21]) << 8 == tail.count - place - 22
    }
    guard let place = places.first else {
      throw PyTorchFault(
        .invalidArchive, "no end record at the end of the archive",
        hint: "the download may have stopped early")
    }
    guard places.count == 1 else {
      throw fault("two end records, and readers take either", at: first + place)
    }
    var bytes = LittleEndianBytes(tail, at: place + 4)
    var fields: [UInt64] = []
    for width in [2, 2, 2, 2, 4, 4] { fields.append(bytes.number(width) ?? 0) }
    let small = End(count: fields[3], size: fields[4], start: fields[5], limit: first + place)
    if let large = try largeEndRecord(before: small.limit) {
      let agrees =
        (small.count == 0xFFFF || small.count == large.count)
        && (small.size == 0xFFFF_FFFF || small.size == large.size)
        && (small.start == 0xFFFF_FFFF || small.start == large.start)
      guard agrees else { throw fault("the two end records disagree", at: small.limit) }
      return large
    }
    guard fields[0] == 0, fields[1] == 0, fields[2] == fields[3] else {
      throw fault("one of several disks", at: small.limit)
    }
    return small
  }

  /// The zip64 end record that a locator right before the end record points to; nil without one.
  private func largeEndRecord(before limit: Int) throws -> End? {
    guard limit >= 20 else { return nil }
    var locator = LittleEndianBytes(try file.bytes(in: limit - 20..<limit))
    guard locator.number(4) == 0x0706_4B50 else { return nil }
    let disk = locator.number(4)
    let offset = locator.number(8) ?? 0
    let disks = locator.number(4)
    guard disk == 0, disks == 1, limit >= 76, offset == UInt64(limit - 76) else {
      throw fault(
        "the zip64 end record is not where its locator says", at: limit - 20, found: "\(offset)",
        expected: "\(limit - 76)")
    }
    var bytes = LittleEndianBytes(try file.bytes(in: limit - 76..<limit - 20))
    var fields: [UInt64] = []
    for width in [4, 8, 2, 2, 4, 4, 8, 8, 8, 8] { fields.append(bytes.number(width) ?? 0) }
    guard fields[0] == 0x0606_4B50, fields[1] == 44, fields[4] == 0, fields[5] == 0,
      fields[6] == fields[7]
    else { throw fault("the zip64 end record is damaged", at: limit - 76) }
    return End(count: fields[7], size: fields[8], start: fields[9], limit: limit - 76)
  }

  // MARK: Entries

  private static func entry(_ bytes: inout LittleEndianBytes) -> ZipDirectoryEntry? {
    var fields: [UInt64] = []
    for width in [4, 2, 2, 2, 2, 4, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4] {
      guard let field = bytes.number(width) else { return nil }
      fields.append(field)
    }
    guard fields[0] == 0x0201_4B50, fields[12] == 0, let name = bytes.run(Int(fields[9])),
      let extra = bytes.run(Int(fields[10])), bytes.run(Int(fields[11])) != nil,
      // In this order, and only those that the fixed fields leave to it (APPNOTE 4.5.3).
      let sizes = ZipExtra(Array(extra)).resolve([fields[8], fields[7], fields[15]])
    else { return nil }
    return ZipDirectoryEntry(
      name: Array(name), flags: UInt16(fields[3]), method: UInt16(fields[4]),
      checksum: UInt32(fields[6]), storedSize: sizes[1], size: sizes[0], headerOffset: sizes[2])
  }
}

/// The extra field of an entry: blocks of a two-byte id, a two-byte size, and data.
struct ZipExtra {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// `fields`, those that are all ones replaced by what the zip64 block says, in order; nil where
  /// it does not say it.
  func resolve(_ fields: [UInt64]) -> [UInt64]? {
    guard fields.contains(0xFFFF_FFFF) else { return fields }
    var reader = LittleEndianBytes(bytes)
    while let id = reader.number(2), let size = reader.number(2),
      let data = reader.run(Int(size))
    {
      guard id == 1 else { continue }
      var block = LittleEndianBytes(Array(data))
      var resolved: [UInt64] = []
      for field in fields {
        guard field == 0xFFFF_FFFF else {
          resolved.append(field)
          continue
        }
        guard let value = block.number(8) else { return nil }
        resolved.append(value)
      }
      return resolved
    }
    return nil
  }
}
