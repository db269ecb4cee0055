// Small files as torch.save writes them, and the same with one thing wrong.

import TieConvIO

@testable import TieConv

/// An archive whose every field can be given another value.
struct ZipText {
  /// One entry, with what its header, descriptor and directory entry say of it.
  struct Entry {
    var name: String
    var data: [UInt8]
    var localName: String?
    var flags: UInt16 = 0
    var method: UInt16 = 0
    var localMethod: UInt16?
    /// The size that header and directory state; the data's own where nil.
    var size: Int?
    var directorySize: Int?
    var directoryOffset: Int?
    var checksum: UInt32 = 0
    var descriptor: [UInt8] = []
  }

  var entries: [Entry]
  var comment: [UInt8] = []
  var countAdded = 0
  var between: [UInt8] = []
  var before: [UInt8] = []
  var after: [UInt8] = []

  private static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  var bytes: [UInt8] {
    var file = before
    var directory: [UInt8] = []
    for entry in entries {
      let offset = file.count
      let name = Array(entry.name.utf8)
      let local = Array((entry.localName ?? entry.name).utf8)
      let size = entry.size ?? entry.data.count
      let method = Int(entry.localMethod ?? entry.method)
      file += [0x50, 0x4B, 3, 4, 0, 0] + Self.little(Int(entry.flags), 2) + Self.little(method, 2)
      file += [0, 0, 0, 0] + Self.little(Int(entry.checksum), 4) + Self.little(entry.data.count, 4)
      file += Self.little(size, 4) + Self.little(local.count, 2) + [0, 0] + local + entry.data
      file += entry.descriptor
      directory += [0x50, 0x4B, 1, 2, 0, 0, 0, 0] + Self.little(Int(entry.flags), 2)
      directory += Self.little(Int(entry.method), 2) + [0, 0, 0, 0]
      directory += Self.little(Int(entry.checksum), 4) + Self.little(entry.data.count, 4)
      directory += Self.little(entry.directorySize ?? size, 4) + Self.little(name.count, 2)
      directory += [UInt8](repeating: 0, count: 12)
      directory += Self.little(entry.directoryOffset ?? offset, 4) + name
    }
    let start = file.count
    let count = entries.count + countAdded
    return file + directory + between + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + Self.little(count, 2)
      + Self.little(count, 2) + Self.little(directory.count, 4) + Self.little(start, 4)
      + Self.little(comment.count, 2) + comment + after
  }
}

enum TorchFiles {
  /// 0.0, 1.0, 2.0 … as `count` floats.
  static func floats(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(number).bitPattern >> UInt32(8 * $0)) }
    }
  }

  /// An archive around a pickle.
  static func archive(
    _ pickle: [UInt8], _ storages: [(key: String, data: [UInt8])], byteOrder: String = "little",
    version: String = "3\n", more: [(name: String, data: [UInt8])] = []
  ) -> ZipText {
    var records = [("a/data.pkl", pickle), ("a/byteorder", Array(byteOrder.utf8))]
    records += storages.map { ("a/data/\($0.key)", $0.data) }
    records += [("a/version", Array(version.utf8))] + more
    return ZipText(entries: records.map { ZipText.Entry(name: $0.0, data: $0.1) })
  }

  /// A dictionary of what `items`, each a text and a value, put on the stack.
  static func dictionary(_ items: PickleText) -> [UInt8] {
    PickleText().raw("}(").raw(Array(items.bytes.dropFirst(2))).raw("u").stopped
  }

  /// Embedding and head in one storage of 24 floats, and one more tensor.
  static var small: ZipText {
    archive(
      dictionary(
        PickleText().text("model.embed_tokens.weight").tensor(
          "0", 24, shape: [6, 4], strides: [4, 1]
        )
        .text("lm_head.weight").tensor("0", 24, shape: [6, 4], strides: [4, 1])
        .text("norm").tensor("1", 4, shape: [4], strides: [1])),
      [("0", floats(24)), ("1", floats(4))])
  }

  /// The older form: magic, protocol, system, object, keys, storages.
  static func stacked(
    _ object: [UInt8], keys: [String], _ storages: [(count: Int, data: [UInt8])],
    version: Int = 1001, magic: [UInt8]? = nil
  ) -> [UInt8] {
    let ten: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    let list = keys.reduce(PickleText().raw("](")) { $0.text($1) }.raw("e").stopped
    let data = storages.flatMap { count, data in
      (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + data
    }
    return (magic ?? PickleText().raw([0x8A, 10] + ten).stopped)
      + PickleText().raw([0x4D, UInt8(version & 255), UInt8(version >> 8)]).stopped
      + PickleText().raw("}").stopped + object + list + data
  }

  /// ``small`` in the older form, the last tensor in a view of a storage.
  static var smallStacked: [UInt8] {
    let name = "_rebuild_tensor_v2"
    return stacked(
      dictionary(
        PickleText().text("model.embed_tokens.weight").global("torch._utils", name).raw("(")
          .storage("7", 24, legacyView: .some(.none)).rest(0, [6, 4], [4, 1]).raw("tR")
          .text("norm").global("torch._utils", name).raw("(")
          .storage("7", 24, legacyView: .some(("9", 20, 4))).rest(0, [4], [1]).raw("tR")),
      keys: ["7"], [(24, floats(24))])
  }

  /// The file as its reader sees it.
  static func open(_ bytes: [UInt8]) throws(CheckpointError) -> PyTorchFile {
    try PyTorchFile(reading: ArraySource(bytes))
  }
}
