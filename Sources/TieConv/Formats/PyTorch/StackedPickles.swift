// torch.save's form before 1.6: five pickles one after another, then the storages' bytes.
//
// Layout: torch/serialization.py (`_legacy_save`, `_legacy_load`). Each storage is preceded by its
// element count as eight bytes. Counts and numbers are little-endian whatever the machine that wrote
// them: torch's C++ code swaps on the way out, and the `little_endian` of the third pickle is of no
// consequence to torch.load.

internal import TieConvIO

/// A file of stacked pickles.
struct StackedPickles {
  /// PROTO 2, LONG1 of ten bytes: 0x1950a86a20f9469cfc6c, STOP.
  static let magic: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]
  private static let protocolVersion = 1001

  private let file: any ByteSource
  /// The pickle of the object that was saved.
  let graph: PickleGraph
  private let keys: [String]
  private let dataStart: Int

  /// Reads the pickles of `file`.
  init(_ file: any ByteSource) throws {
    self.file = file
    var reader = PickleReader(file, from: Self.magic.count)
    let version = try reader.next()
    guard version.root == .integer(Self.protocolVersion) else {
      throw PyTorchFault(
        .unsupportedFormat, at: Self.magic.count, "an unknown version of torch's older form",
        expected: "\(Self.protocolVersion)")
    }
    let system = try reader.next()
    guard system.pairs(system.root) != nil else {
      throw PyTorchFault(
        .invalidPickle, at: system.start, "pickle: what should describe the writer does not")
    }
    graph = try reader.next()
    let list = try reader.next()
    guard case .list = list.root, let items = list.items(list.root) else {
      throw PyTorchFault(
        .invalidPickle, at: list.start, "pickle: no list of storages", found: list.root.kind)
    }
    var keys: [String] = []
    for item in items {
      guard let key = list.text(item) else {
        throw PyTorchFault(
          .invalidPickle, at: list.start, "pickle: a storage's key is no text", found: item.kind)
      }
      keys.append(key)
    }
    self.keys = keys
    dataStart = reader.place
  }

  /// Where each storage of ``graph`` lies.
  func storages() throws -> [StoredBytes] {
    var sizes: [String: (bytes: Int, count: Int, type: TorchDType)] = [:]
    for storage in graph.storages {
      let size = try storage.byteCount()
      if let known = sizes[storage.key], known != (size, storage.count, storage.type) {
        throw PyTorchFault(
          .invalidStorage, "storage \(storage.key) is named twice, with two types or sizes",
          found: "\(storage.type.name) of \(size) bytes",
          expected: "\(known.type.name) of \(known.bytes)")
      }
      sizes[storage.key] = (size, storage.count, storage.type)
    }
    let roots = try self.roots(sizes)
    var all: [StoredBytes] = []
    for storage in graph.storages {
      guard let root = roots[storage.key] else {
        throw PyTorchFault(.invalidStorage, "the file has no storage \"\(storage.key)\"")
      }
      guard let view = storage.view else {
        all.append(root)
        continue
      }
      let width = storage.type.byteWidth
      guard view.offset >= 0, view.count >= 0,
        let part = root.view(
          at: view.offset.multipliedSaturated(width), count: view.count.multipliedSaturated(width))
      else {
        throw PyTorchFault(
          .invalidStorage, "a view reaches out of storage \(storage.key)",
          found: "\(view.count) elements from \(view.offset)", expected: "within \(storage.count)")
      }
      all.append(part)
    }
    return all
  }

  /// The storages by key: they fill the file to its end.
  private func roots(
    _ sizes: [String: (bytes: Int, count: Int, type: TorchDType)]
  ) throws -> [String: StoredBytes] {
    var roots: [String: StoredBytes] = [:]
    var place = dataStart
    for key in keys {
      guard let size = sizes[key], roots[key] == nil else {
        throw PyTorchFault(
          .invalidStorage, at: place, "the list of storages repeats one, or has one of no tensor",
          found: "\"\(key)\"")
      }
      guard file.size - place >= 8, size.bytes <= file.size - place - 8 else {
        throw PyTorchFault(
          .invalidStorage, at: place, "the file ends within storage \(key)",
          found: "\(max(0, file.size - place - 8)) bytes", expected: "\(size.bytes)",
          hint: "the download may have stopped early")
      }
      var header = LittleEndianBytes(try file.bytes(in: place..<place + 8))
      let count = header.number(8) ?? 0
      guard count == UInt64(size.count) else {
        throw PyTorchFault(
          .invalidStorage, at: place, "storage \(key) has another size than the pickle says",
          found: "\(count) elements", expected: "\(size.count)")
      }
      roots[key] = StoredBytes(
        root: roots.count, source: file, start: place + 8, count: size.bytes, rootOffset: 0,
        isPlain: true, isBigEndian: false)
      place += 8 + size.bytes
    }
    guard place == file.size else {
      throw PyTorchFault(
        .invalidStorage, at: place, "bytes after the last storage", found: "\(file.size - place)")
    }
    return roots
  }
}

/// Reads pickles that follow each other and whose sizes are not stated.
private struct PickleReader {
  private let file: any ByteSource
  private(set) var place: Int

  init(_ file: any ByteSource, from place: Int) {
    self.file = file
    self.place = place
  }

  /// The next pickle: what is read grows until it is whole.
  mutating func next() throws -> PickleGraph {
    var count = 64 << 10
    while true {
      let end = min(file.size, place.addingSaturated(count))
      let bytes = try file.bytes(in: min(place, end)..<end)
      if let graph = try Self.graph(bytes, at: place, isRest: end == file.size) {
        place += graph.count
        return graph
      }
      guard count < TorchArchive.maximumPickle else {
        throw PyTorchFault(
          .tooLarge, at: place, "the pickle is too large",
          expected: "at most \(TorchArchive.maximumPickle) bytes")
      }
      count *= 8
    }
  }

  /// The pickle that `bytes` begin with; nil where it goes on after them.
  private static func graph(
    _ bytes: [UInt8], at place: Int, isRest: Bool
  ) throws(PyTorchFault) -> PickleGraph? {
    var unpickler = Unpickler(bytes, at: place)
    do throws(PyTorchFault) {
      return try unpickler.load()
    } catch {
      if !isRest && error.message == Unpickler.endedMessage { return nil }
      throw error
    }
  }
}
