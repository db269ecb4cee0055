// A zip archive whose entries are where, and what, every part of it says they are.

internal import TieConvIO

/// An opened archive.
struct ZipArchive: Sendable {
  /// Deflated entries may hold this much more, all together, than the archive's size: zeros deflate
  /// a thousandfold, weights hardly at all.
  private static let expansionLimit = 200
  private static let expansionAllowance = 1 << 20

  let file: any ByteSource
  /// The entries in the order of the directory.
  let entries: [ZipEntry]
  private let numbers: [String: Int]

  /// Reads the directory of `file` and the header of each entry.
  ///
  /// - Throws: `PyTorchFault` where records disagree, overlap, repeat or lead out of the file;
  ///   `IOFailure` where it cannot be read.
  init(_ file: any ByteSource) throws {
    self.file = file
    let (listed, start) = try ZipDirectory(file).read()
    var entries: [ZipEntry] = []
    var numbers: [String: Int] = [:]
    var folded: Set<String> = []
    var spans: [Range<Int>] = []
    for entry in listed {
      let (found, span) = try Self.locate(entry, in: file, before: start)
      // torch looks names up without regard to case, other readers with.
      guard folded.insert(found.name.lowercased()).inserted else {
        throw PyTorchFault(
          .invalidArchive, at: span.lowerBound, "two entries have one name",
          found: "\"\(found.name)\"")
      }
      numbers[found.name] = entries.count
      entries.append(found)
      spans.append(span)
    }
    try Self.checkOverlaps(spans, entries)
    try Self.checkExpansion(entries, file.size)
    self.entries = entries
    self.numbers = numbers
  }

  /// The entry called `name`.
  func entry(_ name: String) -> ZipEntry? { numbers[name].map { entries[$0] } }

  /// The content of `entry` as bytes that can be read anywhere, and where in them it starts.
  func content(of entry: ZipEntry) -> (source: any ByteSource, offset: Int) {
    guard entry.isDeflated else { return (file, entry.range.lowerBound) }
    return (InflatedSource(file, range: entry.range, size: entry.size), 0)
  }

  /// The whole content of `entry`, which must not be larger than `limit`.
  func bytes(of entry: ZipEntry, limit: Int) throws -> [UInt8] {
    guard entry.size <= limit else {
      throw PyTorchFault(
        .tooLarge, at: entry.range.lowerBound, "\(entry.name) is too large",
        found: "\(entry.size) bytes", expected: "at most \(limit)")
    }
    let (source, offset) = content(of: entry)
    return try source.bytes(in: offset..<offset + entry.size)
  }

  // MARK: Checks

  /// The entry with the place of its data, and the bytes that it takes, header and all.
  private static func locate(
    _ entry: ZipDirectoryEntry, in file: any ByteSource, before limit: Int
  ) throws -> (ZipEntry, Range<Int>) {
    guard let offset = Int(exactly: entry.headerOffset), offset <= limit - 30 else {
      throw PyTorchFault(
        .invalidArchive, "an entry begins past the last one", found: "\(entry.headerOffset)",
        expected: "at most \(limit - 30)")
    }
    func fault(_ message: String, found: String? = nil, expected: String? = nil) -> PyTorchFault {
      PyTorchFault(.invalidArchive, at: offset, message, found: found, expected: expected)
    }
    let name = try checkedName(entry.name, at: offset)
    // Bits 0 and 6: encrypted; 5: a patch; 13: its header is masked.
    guard entry.flags & 0b10_0000_0110_0001 == 0 else { throw fault("\(name) is encrypted") }
    guard entry.method == 0 || entry.method == 8 else {
      throw fault(
        "\(name) is packed in a way that is not read", found: "method \(entry.method)",
        expected: "0 (stored) or 8 (deflated)")
    }
    var header = LittleEndianBytes(try file.bytes(in: offset..<offset + 30))
    var fields: [UInt64] = []
    for width in [4, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2] { fields.append(header.number(width) ?? 0) }
    guard fields[0] == 0x0403_4B50 else { throw fault("no header where \(name) should begin") }
    let data = offset + 30 + Int(fields[9]) + Int(fields[10])
    guard data <= limit, let count = Int(exactly: entry.storedSize), count <= limit - data,
      let size = Int(exactly: entry.size)
    else {
      throw fault(
        "\(name) reaches past the last entry", found: "\(entry.storedSize) bytes",
        expected: "at most \(max(0, limit - data))")
    }
    let names = try file.bytes(in: offset + 30..<data)
    guard Array(names[..<Int(fields[9])]) == entry.name else {
      throw fault("the header of \(name) has another name than the directory")
    }
    let sizes = ZipExtra(Array(names[Int(fields[9])...])).resolve([fields[8], fields[7]])
    let isAlike =
      UInt16(fields[2]) == entry.flags && UInt16(fields[3]) == entry.method
      && (sizes == [entry.size, entry.storedSize] || (entry.hasDescriptor && sizes == [0, 0]))
    guard isAlike, entry.method == 8 || size == count else {
      throw fault("header and directory disagree about \(name)")
    }
    var end = data + count
    if entry.hasDescriptor, count > 0 {
      end += try descriptorCount(of: entry, at: end, in: file, before: limit)
    }
    return (
      ZipEntry(
        name: name, range: data..<data + count, size: size, isDeflated: entry.method == 8,
        checksum: entry.checksum), offset..<end
    )
  }

  /// The size of the data descriptor at `place`, which has two widths and may lack its signature.
  private static func descriptorCount(
    of entry: ZipDirectoryEntry, at place: Int, in file: any ByteSource, before limit: Int
  ) throws -> Int {
    let bytes = try file.bytes(in: place..<min(place + 24, limit))
    for (signature, width) in [(true, 4), (true, 8), (false, 4), (false, 8)] {
      var reader = LittleEndianBytes(bytes)
      if signature, reader.number(4) != 0x0807_4B50 { continue }
      if reader.number(4) == UInt64(entry.checksum), reader.number(width) == entry.storedSize,
        reader.number(width) == entry.size
      {
        return reader.place
      }
    }
    throw PyTorchFault(
      .invalidArchive, at: place,
      "directory and data descriptor disagree about \(String(decoding: entry.name, as: UTF8.self))")
  }

  private static func checkedName(_ bytes: [UInt8], at offset: Int) throws -> String {
    guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty,
      !bytes.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\\") }),
      !name.hasPrefix("/"), !name.split(separator: "/").contains("..")
    else {
      throw PyTorchFault(
        .invalidArchive, at: offset, "an entry's name is no plain path",
        found: "\"\(String(decoding: bytes.prefix(80), as: UTF8.self))\"")
    }
    return name
  }

  private static func checkOverlaps(_ spans: [Range<Int>], _ entries: [ZipEntry]) throws {
    let order = spans.indices.sorted { spans[$0].lowerBound < spans[$1].lowerBound }
    for (one, next) in zip(order, order.dropFirst())
    where spans[one].upperBound > spans[next].lowerBound {
      throw PyTorchFault(
        .invalidArchive, at: spans[next].lowerBound,
        "\(entries[next].name) overlaps \(entries[one].name)",
        found: "\(spans[next].lowerBound)", expected: "at least \(spans[one].upperBound)")
    }
    if let first = order.first, spans[first].lowerBound != 0 {
      throw PyTorchFault(.invalidArchive, at: 0, "bytes before the first entry")
    }
  }

  private static func checkExpansion(_ entries: [ZipEntry], _ fileSize: Int) throws {
    var total = 0
    for entry in entries where entry.isDeflated { total = total.addingSaturated(entry.size) }
    let limit = fileSize.multipliedSaturated(expansionLimit).addingSaturated(expansionAllowance)
    guard total <= limit else {
      throw PyTorchFault(
        .tooLarge, "deflated entries hold far more than the file",
        found: "\(total) bytes", expected: "at most \(limit)")
    }
  }
}

extension Int {
  /// The product, or the greatest number where it is beyond that; of numbers that are not negative.
  func multipliedSaturated(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
