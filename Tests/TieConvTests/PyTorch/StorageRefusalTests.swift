// Storages and tensors that claim what the file does not hold, in both forms.

import Testing

@testable import TieConv

@Suite struct StorageRefusalTests {
  typealias Case = RefusalCase

  static let tensors = [
    Case("a view longer than its storage", "past the end", [25], [1]),
    Case("a view that starts too late", "past the end", [6, 4], [4, 1], at: 1),
    Case("strides that lead out", "past the end", [6, 4], [5, 1]),
    Case("a negative offset", "impossible size", [4], [1], at: -1),
    Case("a negative size", "impossible size", [-1], [1]),
    Case("a negative stride", "impossible size", [2], [-1]),
    Case("more strides than sizes", "impossible size", [2], [1, 1]),
    Case(
      "sizes beyond 64 bits", "beyond 64 bits", code: .shapeOverflow, [1 << 40, 1 << 40], [0, 0]),
    Case("bytes beyond 64 bits", "beyond 64 bits", code: .shapeOverflow, [1 << 61], [0]),
    Case("a row repeated for ever", "repeat far more", code: .tooLarge, [1 << 40, 4], [0, 1]),
    Case("a stride beyond 64 bits", "past the end", [3], [Int.max]),
    Case("an offset beyond 64 bits", "past the end", [1], [1], at: Int.max),
    Case("a storage said to be longer", "another size than the pickle", count: 25, [4], [1]),
    Case("a storage said to be shorter", "another size than the pickle", count: 23, [4], [1]),
    Case("a storage of negative size", "no possible size", count: -1, [4], [1]),
    Case(
      "a count that wraps around", "no possible size", count: 0x4000_0000_0000_0006, [4], [1]),
    Case(
      "a storage of another type", "another size than the pickle", type: "DoubleStorage", [4], [1]),
    Case("a storage that is not there", "has no storage", key: "1", [4], [1]),
    Case("a storage out of its folder", "has no storage", key: "../data.pkl", [4], [1]),
    Case("a storage without a name", "has no storage", key: "", [4], [1]),
    Case(
      "a type without numbers", "torch.quint8", code: .unsupportedFormat, count: 96,
      type: "QUInt8Storage", [4], [1]),
    Case(
      "one storage of two sizes", .invalidStorage, "named twice",
      TorchFiles.archive(
        TorchFiles.dictionary(
          PickleText().text("a").tensor("0", 24, shape: [4], strides: [1])
            .text("b").tensor("0", 12, shape: [4], strides: [1])),
        [("0", TorchFiles.floats(24))]
      ).bytes),
    Case(
      "one storage of two types", .invalidStorage, "named twice",
      TorchFiles.archive(
        TorchFiles.dictionary(
          PickleText().text("a").tensor("0", 24, shape: [4], strides: [1])
            .text("b").tensor("0", 24, shape: [4], strides: [1], type: "IntStorage")),
        [("0", TorchFiles.floats(24))]
      ).bytes),
    Case(
      "a name twice", .duplicateTensor, "comes twice",
      TorchFiles.archive(
        TorchFiles.dictionary(
          PickleText().text("a").tensor("0", 24, shape: [4], strides: [1])
            .text("a").tensor("0", 24, shape: [4], strides: [1], offset: 4)),
        [("0", TorchFiles.floats(24))]
      ).bytes),
  ]

  private static func stacked(
    keys: [String] = ["7"], count: Int = 24, data: [UInt8] = TorchFiles.floats(24),
    view: (key: String, offset: Int, count: Int)? = nil, version: Int = 1001,
    declared: Int = 24
  ) -> [UInt8] {
    TorchFiles.stacked(
      TorchFiles.dictionary(
        PickleText().text("w").global("torch._utils", "_rebuild_tensor_v2").raw("(")
          .storage("7", declared, legacyView: .some(view)).rest(0, [4], [1]).raw("tR")),
      keys: keys, [(count, data)], version: version)
  }

  static let stacks = [
    Case("a version to come", .unsupportedFormat, "unknown version", stacked(version: 1002)),
    Case("a storage that no tensor has", .invalidStorage, "list of storages", stacked(keys: ["8"])),
    Case("a storage listed twice", .invalidStorage, "list of storages", stacked(keys: ["7", "7"])),
    Case("no storage listed", .invalidStorage, "bytes after the last", stacked(keys: [])),
    Case("another count than the pickle's", .invalidStorage, "another size", stacked(count: 23)),
    Case("a negative count", .invalidStorage, "another size", stacked(count: -24)),
    Case(
      "data cut short", .invalidStorage, "ends within storage",
      stacked(data: TorchFiles.floats(23))),
    Case(
      "a zip archive after the last storage", .invalidStorage, "bytes after the last",
      stacked(data: TorchFiles.floats(24) + TorchFiles.small.bytes)),
    Case(
      "a view that leads out", .invalidStorage, "reaches out of storage",
      stacked(view: ("9", 21, 4))),
    Case("a negative view", .invalidStorage, "reaches out", stacked(view: ("9", -1, 4))),
    Case(
      "a tensor longer than its view", .invalidStorage, "past the end",
      stacked(view: ("9", 0, 3))),
    Case(
      "a count that wraps around", .invalidStorage, "no possible size",
      stacked(declared: 0x4000_0000_0000_0006)),
  ]

  @Test(arguments: tensors + stacks)
  func `the error is the one for it`(wrong: RefusalCase) { wrong.expectError() }
}

extension RefusalCase {
  /// An archive of one tensor `w` in a storage of 24 floats.
  fileprivate init(
    _ name: String, _ words: String, code: CheckpointError.Code = .invalidStorage,
    count: Int = 24, key: String = "0", type: String = "FloatStorage", _ shape: [Int],
    _ strides: [Int], at offset: Int = 0
  ) {
    let pickle = TorchFiles.dictionary(
      PickleText().text("w").tensor(
        key, count, shape: shape, strides: strides, offset: offset, type: type))
    self.init(
      name, code, words, TorchFiles.archive(pickle, [("0", TorchFiles.floats(24))]).bytes)
  }
}
