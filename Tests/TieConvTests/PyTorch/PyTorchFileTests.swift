// What a PyTorch file gives: tensors in order wherever they lie, ties told, damage found.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct PyTorchFileTests {
  private func floats(_ file: PyTorchFile, _ name: String) throws -> [Float] {
    let info = try #require(file.tensors.first { $0.name == name })
    let bytes = try file.source.bytes(in: info.dataOffsets)
    return stride(from: 0, to: bytes.count, by: 4).map { place in
      Float(
        bitPattern: bytes[place..<place + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
  }

  private func file(
    _ shape: [Int], _ strides: [Int], at offset: Int = 0, data: [UInt8] = TorchFiles.floats(24),
    byteOrder: String = "little"
  ) throws -> PyTorchFile {
    let pickle = TorchFiles.dictionary(
      PickleText().text("w").tensor("0", 24, shape: shape, strides: strides, offset: offset))
    return try TorchFiles.open(
      TorchFiles.archive(pickle, [("0", data)], byteOrder: byteOrder).bytes)
  }

  @Test(arguments: [
    ([6, 4], [4, 1], 0), ([4, 6], [1, 4], 0), ([3, 2], [8, 2], 1), ([2, 3, 4], [1, 8, 2], 0),
    ([24], [1], 0), ([], [], 5), ([1, 1, 3], [77, 99, 1], 2), ([3, 4], [0, 1], 4), ([5], [0], 23),
    ([2, 2, 2, 3], [12, 1, 2, 4], 0), ([0, 5], [5, 1], 3), ([4, 3], [6, 1], 0),
    ([2, 4, 3], [12, 1, 4], 0),
  ])
  func `elements come in the order of their indices`(
    shape: [Int], strides: [Int], offset: Int
  ) throws {
    // By definition: the element at indices i is at offset + Σ i·stride.
    var expected = [offset]
    for (extent, stride) in zip(shape, strides) {
      expected = expected.flatMap { place in (0..<extent).map { place + $0 * stride } }
    }
    let found = try floats(try file(shape, strides, at: offset), "w")
    #expect(found == expected.map(Float.init))
  }

  @Test func `big-endian numbers are turned around`() throws {
    let turned = stride(from: 0, to: 96, by: 4).flatMap { place in
      TorchFiles.floats(24)[place..<place + 4].reversed()
    }
    let file = try file([4, 6], [1, 4], data: turned, byteOrder: "big")
    let expected = (0..<24).map { Float($0 / 6 + $0 % 6 * 4) }
    #expect(try floats(file, "w") == expected)
  }

  @Test func `a slab is a part of the whole, wherever reading begins`() throws {
    // 700 × 900 floats transposed: more than one slab, so reads cross seams.
    let (rows, columns) = (700, 900)
    let pickle = TorchFiles.dictionary(
      PickleText().text("w").tensor(
        "0", rows * columns, shape: [columns, rows], strides: [1, columns]))
    let file = try TorchFiles.open(
      TorchFiles.archive(pickle, [("0", TorchFiles.floats(rows * columns))]).bytes)
    let range = try #require(file.tensors.first).dataOffsets
    #expect(range.count > GatheredTensor.slabCount)
    let whole = try file.source.bytes(in: range)
    let found = try floats(file, "w")
    #expect(found == (0..<rows * columns).map { Float($0 / rows + $0 % rows * columns) })
    var random = SeededRandom(seed: 7)
    for _ in 0..<50 {
      let start = Int.random(in: 0..<range.count, using: &random)
      let end = Int.random(in: start...range.count, using: &random)
      let part = try file.source.bytes(in: range.lowerBound + start..<range.lowerBound + end)
      #expect(part == Array(whole[start..<end]))
    }
  }

  @Test func `tensors that lie in order keep their place in the file`() throws {
    let bytes = TorchFiles.small.bytes
    let file = try TorchFiles.open(bytes)
    #expect(file.source is ArraySource)
    #expect(file.tensors[0].dataOffsets == file.tensors[1].dataOffsets)
    #expect(Array(bytes[file.tensors[0].dataOffsets]) == TorchFiles.floats(24))
    #expect(file.sharing.ties.map(\.names) == [["model.embed_tokens.weight", "lm_head.weight"]])
    #expect(file.sharing.ties.first?.range == file.tensors[0].dataOffsets)
    #expect(file.sharing.storedBytes == 112 && file.sharing.storedElements == 28)
  }

  @Test func `views that overlap are told with their bytes`() throws {
    let pickle = TorchFiles.dictionary(
      PickleText().text("a").tensor("0", 24, shape: [12], strides: [1])
        .text("b").tensor("0", 24, shape: [8], strides: [1], offset: 10)
        .text("c").tensor("0", 24, shape: [6], strides: [1], offset: 18))
    let sharing = try TorchFiles.open(
      TorchFiles.archive(pickle, [("0", TorchFiles.floats(24))]).bytes
    ).sharing
    #expect(
      sharing.overlaps == [
        StorageSharing.Overlap(first: "a", second: "b", firstRange: 0..<48, secondRange: 40..<72)
      ])
    #expect(sharing.ties.isEmpty && sharing.storedBytes == 96)
  }

  @Test func `the older form gives the same, views too`() throws {
    let file = try TorchFiles.open(TorchFiles.smallStacked)
    #expect(file.form == .stacked)
    #expect(try floats(file, "model.embed_tokens.weight") == (0..<24).map(Float.init))
    #expect(try floats(file, "norm") == [20, 21, 22, 23])
  }

  @Test func `a model within a training checkpoint is found`() throws {
    let inner = PickleText().raw("}").text("w").tensor("0", 4, shape: [4], strides: [1]).raw("s")
    let optimizer = PickleText().raw("}").text("state").raw("}").integer(0).raw("}")
      .text("exp_avg").tensor("0", 4, shape: [4], strides: [1]).raw("sss")
      .text("param_groups").raw("]s")
    let pickle = TorchFiles.dictionary(
      PickleText().text("epoch").integer(3).text("module").raw(Array(inner.bytes.dropFirst(2)))
        .text("optimizer").raw(Array(optimizer.bytes.dropFirst(2)))
        .text("ema").raw(Array(inner.bytes.dropFirst(2))))
    let file = try TorchFiles.open(
      TorchFiles.archive(pickle, [("0", TorchFiles.floats(4))]).bytes)
    #expect(file.stateDictPath == ["module"] && file.tensors.map(\.name) == ["w"])
    #expect(file.otherStateDicts == ["ema"])
    #expect(file.values.map(\.name) == ["epoch"] && file.values.map(\.value) == ["3"])
    #expect(file.optimizer?.parameters.map(\.moments) == [["exp_avg"]])
    #expect(file.optimizer?.parameters.first?.shape == Shape([4]))
  }

  // MARK: Damage

  /// Reading everything that the file claims to have; false for the one error that is allowed.
  private func reads(_ bytes: [UInt8]) -> Bool {
    guard let file = try? TorchFiles.open(bytes) else { return false }
    return file.tensors.allSatisfy { (try? file.source.bytes(in: $0.dataOffsets)) != nil }
  }

  @Test(arguments: [TorchFiles.small.bytes, TorchFiles.smallStacked])
  func `every truncation is found`(bytes: [UInt8]) {
    #expect(reads(bytes))
    for count in 0..<bytes.count where reads(Array(bytes[..<count])) {
      Issue.record("\(count) bytes of \(bytes.count) are taken for the whole")
    }
  }

  @Test(arguments: [TorchFiles.small.bytes, TorchFiles.smallStacked])
  func `no flipped bit leads out of the file`(bytes: [UInt8]) {
    var refused = 0
    for bit in 0..<8 * bytes.count {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      if !reads(flipped) { refused += 1 }
    }
    // Names, numbers and unused fields may change unseen; the rest may not.
    #expect(refused > 2 * bytes.count)
  }

  @Test func `what is no PyTorch file is told from one`() {
    func signature(_ bytes: [UInt8]) -> FileSignature {
      FileSignature(Array(bytes.prefix(264)))
    }
    #expect(signature(TorchFiles.small.bytes) == .pytorch)
    #expect(signature(TorchFiles.smallStacked) == .pytorch)
    var tar = [UInt8](repeating: 0, count: 512)
    tar.replaceSubrange(257..<262, with: "ustar".utf8)
    #expect(signature(tar) == .unsupported("PyTorch (tar, before torch 0.1.10)"))
    #expect(signature([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]) == .unsupported("7z"))
    #expect(
      signature(PickleText().raw("N").stopped)
        == .unsupported("pickle (without torch.save's frame)"))
    // A safetensors header of 0x04034b50 bytes begins as a zip archive does.
    #expect(signature([0x50, 0x4B, 3, 4, 0, 0, 0, 0] + Array("{\"a\"".utf8)) == .safetensors)
  }
}
