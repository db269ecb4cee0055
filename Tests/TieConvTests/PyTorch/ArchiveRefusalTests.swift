// Archives whose records lie, and the one error for each.

import Testing

@testable import TieConv

@Suite struct ArchiveRefusalTests {
  typealias Case = RefusalCase

  /// The entries of ``TorchFiles/small``, in order.
  private static let (pickle, byteOrder, first, second, version) = (0, 1, 2, 3, 4)

  static let archives = [
    Case("no end record", .invalidArchive, "no end record") { $0.after = [0] },
    Case("two end records", .invalidArchive, "two end records") {
      $0.comment = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
    },
    Case("bytes after the directory", .invalidArchive, "not where the end record says") {
      $0.between = [0]
    },
    Case("bytes before the first entry", .invalidArchive, "bytes before the first entry") {
      $0.entries[pickle].directoryOffset = nil
      $0.before = [0]
    },
    Case("more entries counted than there are", .invalidArchive, "more entries than fit") {
      $0.countAdded = 60000
    },
    Case("one entry counted too many", .invalidArchive, "directory is damaged") {
      $0.countAdded = 1
    },
    Case("one entry counted too few", .invalidArchive, "after the last entry") {
      $0.countAdded = -1
    },
    Case("a name twice", .invalidArchive, "two entries have one name") {
      $0.entries[second].name = "a/data/0"
    },
    Case("names that differ in case", .invalidArchive, "two entries have one name") {
      $0.entries.append(.init(name: "a/DATA.pkl", data: []))
    },
    Case("another name in the header", .invalidArchive, "another name than the directory") {
      $0.entries[pickle].localName = "a/eval.pkl"
    },
    Case("another method in the header", .invalidArchive, "disagree about a/data/0") {
      $0.entries[first].localMethod = 8
    },
    Case("another size in the header", .invalidArchive, "disagree about a/data/0") {
      $0.entries[first].size = 95
      $0.entries[first].directorySize = 96
    },
    Case("a stored entry of two sizes", .invalidArchive, "disagree about a/data/0") {
      $0.entries[first].size = 95
    },
    Case("another size in the descriptor", .invalidArchive, "data descriptor disagree") {
      $0.entries[first].flags = 8
      $0.entries[first].descriptor = [0x50, 0x4B, 7, 8] + [UInt8](repeating: 9, count: 20)
    },
    Case("an encrypted entry", .invalidArchive, "is encrypted") { $0.entries[first].flags = 1 },
    Case("an unknown method", .invalidArchive, "method 14") { $0.entries[first].method = 14 },
    Case("overlapping entries", .invalidArchive, "overlaps a/data/0") {
      let inner = ZipText(entries: [.init(name: "a/data/2", data: [1])]).bytes
      // A header of its own within the data of another entry.
      $0.entries[first].data = Array(inner.prefix(39)) + [UInt8](repeating: 0, count: 57)
      let place = ZipText(entries: Array($0.entries[..<first])).bytes.count
      let names = $0.entries[..<first].reduce(0) { $0 + 46 + $1.name.utf8.count }
      var entry = ZipText.Entry(name: "a/data/2", data: [1])
      entry.directoryOffset = place - names - 22 + 38
      $0.entries.append(entry)
    },
    Case("two entries at one place", .invalidArchive, "another name than the directory") {
      $0.entries[second].directoryOffset = 0
    },
    Case("an entry past the end", .invalidArchive, "begins past the last") {
      $0.entries[second].directoryOffset = 0x7FFF_FFFF
    },
    Case("a path out of the archive", .invalidArchive, "no plain path") {
      $0.entries[second].name = "a/../../etc/x"
    },
    Case("a path with a backslash", .invalidArchive, "no plain path") {
      $0.entries[second].name = "a\\data\\1"
    },
    Case("two folders at the top", .invalidArchive, "outside of the folder of the first") {
      $0.entries[second].name = "b/data/1"
    },
    Case("an unknown byte order", .invalidArchive, "unknown byte order") {
      $0.entries[byteOrder].data = Array("middle".utf8)
    },
    Case("no version", .invalidArchive, "no version") { $0.entries[version].name = "a/other" },
    Case("a version to come", .unsupportedFormat, "unknown version") {
      $0.entries[version].data = Array("99\n".utf8)
    },
    Case("a layout to come", .unsupportedFormat, "unknown layout") {
      $0.entries.append(.init(name: "a/.format_version", data: Array("9".utf8)))
    },
    Case("a program", .unsupportedFormat, "TorchScript") {
      $0.entries.append(.init(name: "a/constants.pkl", data: []))
    },
    Case("a program's code", .unsupportedFormat, "TorchScript") {
      $0.entries.append(.init(name: "a/code/x.py", data: []))
    },
    Case("another kind of archive", .unsupportedFormat, "no data.pkl") {
      $0.entries[pickle].name = "a/content.xml"
    },
    Case("a bomb", .tooLarge, "far more than the file") {
      $0.entries[first].method = 8
      $0.entries[first].size = 1 << 30
    },
    Case("a pickle that is a bomb", .tooLarge, "deflates more than pickles") {
      $0.entries[pickle].method = 8
      $0.entries[pickle].size = 1 << 20
    },
    Case("deflated bytes that are none", .damagedContainer, "damaged") {
      $0.entries[pickle].method = 8
      $0.entries[pickle].data = [UInt8](repeating: 0xFF, count: 300)
    },
  ]

  @Test func `what is changed was valid`() throws {
    let file = try TorchFiles.open(TorchFiles.small.bytes)
    #expect(file.tensors.map(\.name) == ["model.embed_tokens.weight", "lm_head.weight", "norm"])
  }

  @Test(arguments: archives)
  func `the error is the one for it`(wrong: RefusalCase) { wrong.expectError() }
}

extension RefusalCase {
  /// A small archive that is valid, but for a change.
  fileprivate init(
    _ name: String, _ code: CheckpointError.Code, _ words: String,
    _ change: (inout ZipText) -> Void
  ) {
    var archive = TorchFiles.small
    change(&archive)
    self.init(name, code, words, archive.bytes)
  }
}
