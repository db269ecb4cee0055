// torch.save's zip form: the pickle, and one record for each storage.
//
// Layout: torch/serialization.py (`_save`, `_load`) and caffe2/serialize/inline_container.cc.

internal import TieConvIO

/// An archive written by torch.save.
struct TorchArchive {
  /// The longest pickle that is read; a million tensors take about 200 MB less than half of which
  /// any release comes near.
  static let maximumPickle = 64 << 20
  /// A pickle that is deflated is at most this much larger, and a little.
  private static let pickleExpansion = 64
  private static let versions = 1...10

  private let archive: ZipArchive
  private let top: String
  private let isBigEndian: Bool

  /// Opens the archive in `file` and reads the records that say what it is.
  init(_ file: any ByteSource) throws {
    archive = try ZipArchive(file)
    guard let first = archive.entries.first else {
      throw PyTorchFault(.unsupportedFormat, "a zip archive without entries")
    }
    guard let slash = first.name.firstIndex(of: "/") else {
      throw Self.foreign("no folder at its top", first)
    }
    let top = String(first.name[...slash])
    self.top = top
    for entry in archive.entries where !entry.name.hasPrefix(top) {
      throw PyTorchFault(
        .invalidArchive, at: entry.range.lowerBound, "an entry outside of the folder of the first",
        found: "\"\(entry.name)\"", expected: "\"\(top)…\"")
    }
    let isScript =
      archive.entry(top + "constants.pkl") != nil
      || archive.entries.contains { $0.name.hasPrefix(top + "code/") }
    if isScript {
      throw PyTorchFault(
        .unsupportedFormat, "a TorchScript archive, which holds a program, is not read",
        hint: "save the state dict of the model instead")
    }
    guard archive.entry(top + "data.pkl") != nil else { throw Self.foreign("no data.pkl", first) }
    isBigEndian = try Self.byteOrder(archive, top)
    try checkVersions()
  }

  private static func foreign(_ what: String, _ entry: ZipEntry) -> PyTorchFault {
    PyTorchFault(
      .unsupportedFormat, "a zip archive that torch.save did not write: \(what)",
      found: "\"\(entry.name)\"")
  }

  /// The text of a small record, without the line feed that may end it; nil where it is not there.
  private static func text(_ archive: ZipArchive, _ name: String) throws -> String? {
    guard let entry = archive.entry(name) else { return nil }
    guard let text = String(validating: try archive.bytes(of: entry, limit: 64), as: UTF8.self)
    else {
      throw PyTorchFault(.invalidArchive, at: entry.range.lowerBound, "\(name) is not text")
    }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  private static func byteOrder(_ archive: ZipArchive, _ top: String) throws -> Bool {
    switch try text(archive, top + "byteorder") {
    case nil, "little"?: return false
    case "big"?: return true
    case let other?:
      throw PyTorchFault(
        .invalidArchive, "an unknown byte order", found: "\"\(other)\"",
        expected: "\"little\" or \"big\"")
    }
  }

  private func checkVersions() throws {
    let stated =
      try Self.text(archive, top + "version") ?? Self.text(archive, top + ".data/version")
    guard let stated, let version = Int(stated) else {
      throw PyTorchFault(
        .invalidArchive, "no version that is a number", found: stated.map { "\"\($0)\"" })
    }
    guard Self.versions.contains(version) else {
      throw PyTorchFault(
        .unsupportedFormat, "an unknown version of torch's archives", found: "\(version)",
        expected: "1 to 10", hint: "a newer tieconv may read it")
    }
    if let format = try Self.text(archive, top + ".format_version"), format != "1" {
      throw PyTorchFault(
        .unsupportedFormat, "an unknown layout of torch's archives", found: "\"\(format)\"",
        expected: "1", hint: "a newer tieconv may read it")
    }
  }

  /// The pickle, read.
  func graph() throws -> PickleGraph {
    guard let entry = archive.entry(top + "data.pkl") else { return PickleGraph.empty }
    let expansion = entry.range.count.multipliedSaturated(Self.pickleExpansion)
    guard !entry.isDeflated || entry.size <= expansion.addingSaturated(256 << 10) else {
      throw PyTorchFault(
        .tooLarge, at: entry.range.lowerBound, "the pickle deflates more than pickles do",
        found: "\(entry.size) bytes", expected: "at most \(expansion)")
    }
    let bytes = try archive.bytes(of: entry, limit: Self.maximumPickle)
    let start = entry.isDeflated ? 0 : entry.range.lowerBound
    var unpickler = Unpickler(bytes, at: start)
    let graph = try unpickler.load()
    guard graph.count == bytes.count else {
      throw PyTorchFault(
        .invalidPickle, at: start.addingSaturated(graph.count), "pickle: bytes after its STOP",
        found: "\(bytes.count - graph.count)")
    }
    return graph
  }

  /// Where each storage of `graph` lies.
  func storages(of graph: PickleGraph) throws -> [StoredBytes] {
    var known: [String: (bytes: StoredBytes, type: TorchDType)] = [:]
    var all: [StoredBytes] = []
    for storage in graph.storages {
      let size = try storage.byteCount()
      if let (bytes, type) = known[storage.key] {
        // Storages without bytes share one key, whatever their types.
        guard bytes.count == size, type == storage.type || size == 0 else {
          throw PyTorchFault(
            .invalidStorage, "storage \(storage.key) is named twice, with two types or sizes",
            found: "\(storage.type.name) of \(size) bytes",
            expected: "\(type.name) of \(bytes.count)")
        }
        all.append(bytes)
        continue
      }
      let bytes = try self.bytes(of: storage, size: size, number: known.count)
      known[storage.key] = (bytes, storage.type)
      all.append(bytes)
    }
    return all
  }

  private func bytes(
    of storage: PickledStorage, size: Int, number: Int
  ) throws -> StoredBytes {
    guard storage.view == nil, !storage.key.isEmpty, !storage.key.contains("/"),
      let entry = archive.entry(top + "data/" + storage.key)
    else {
      throw PyTorchFault(
        .invalidStorage, "the archive has no storage \"\(storage.key)\"",
        hint: "the pickle names what is not there")
    }
    guard entry.size == size else {
      throw PyTorchFault(
        .invalidStorage, at: entry.range.lowerBound,
        "storage \(storage.key) has another size than the pickle says",
        found: "\(entry.size) bytes", expected: "\(size)")
    }
    let (source, start) = archive.content(of: entry)
    return StoredBytes(
      root: number, source: source, start: start, count: size, rootOffset: 0,
      isPlain: !entry.isDeflated, isBigEndian: isBigEndian)
  }

  /// How many entries have the stated checksum, and which do not; each is read whole. Those without
  /// bytes say nothing.
  func entriesByChecksum(
    _ cancellation: Cancellation
  ) throws(IOFailure) -> (intact: Int, damaged: [String]) {
    var damaged: [String] = []
    var intact = 0
    let block = AlignedBuffer(count: 256 << 10)
    for entry in archive.entries where entry.size > 0 {
      let (source, start) = archive.content(of: entry)
      var checksum = CRC32()
      var place = 0
      while place < entry.size {
        try cancellation.check()
        let bytes = unsafe block.bytes(min(block.count, entry.size - place))
        unsafe try source.read(into: bytes, at: start + place)
        unsafe checksum.update(UnsafeRawBufferPointer(bytes))
        place += bytes.count
      }
      if checksum.value == entry.checksum { intact += 1 } else { damaged.append(entry.name) }
    }
    return (intact, damaged)
  }
}

extension PickleGraph {
  /// A graph of nothing.
  static var empty: PickleGraph { PickleGraph(bytes: [], start: 0, containers: [[]]) }
}
