// Each hand-made file breaks one rule of ggml's reader, and gets that rule's error.

import Testing

@testable import TieConv

struct GGUFRuleTests {
  /// A header made of raw parts, so that it can say anything.
  private struct Raw {
    private(set) var bytes: [UInt8] = []

    static func start(
      version: UInt32 = 3, tensors: Int64 = 0, pairs: Int64 = 0, magic: String = "GGUF"
    ) -> Raw {
      Raw(bytes: Array(magic.utf8)).adding(version).adding(tensors).adding(pairs)
    }

    func adding(_ value: some FixedWidthInteger) -> Raw {
      var copy = self
      for shift in stride(from: 0, to: value.bitWidth, by: 8) {
        copy.bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
      return copy
    }

    func adding(_ text: String) -> Raw {
      var copy = adding(UInt64(text.utf8.count))
      copy.bytes += text.utf8
      return copy
    }

    func adding(key: String, _ type: UInt32) -> Raw { adding(key).adding(type) }

    func adding(
      tensor name: String, _ extents: [Int64], type: UInt32 = 0, offset: UInt64 = 0
    ) -> Raw {
      var copy = adding(name).adding(UInt32(extents.count))
      for extent in extents { copy = copy.adding(extent) }
      return copy.adding(type).adding(offset)
    }

    func zeros(_ count: Int) -> Raw { Raw(bytes: bytes + [UInt8](repeating: 0, count: count)) }
  }

  private func code(_ raw: Raw) -> CheckpointError.Code? {
    do throws(CheckpointError) {
      _ = try GGUFHeader(reading: ArraySource(raw.bytes))
      return nil
    } catch { return error.code }
  }

  private func one(
    _ extents: [Int64], type: UInt32 = 0, offset: UInt64 = 0, name: String = "t"
  ) -> CheckpointError.Code? {
    code(
      Raw.start(tensors: 1).adding(tensor: name, extents, type: type, offset: offset).zeros(4096))
  }

  @Test func startIsChecked() {
    #expect(code(.start()) == nil)
    #expect(code(.start(magic: "FUGG")) == .unsupportedFormat)
    for version: UInt32 in [0, 1, 4, 0x0300_0001] {
      #expect(code(.start(version: version)) == .unsupportedFormat)
    }
    #expect(code(.start(tensors: -1)) == .invalidHeaderLength)
    #expect(code(.start(pairs: -1)) == .invalidHeaderLength)
    #expect(code(.start(tensors: .max)) == .invalidHeaderLength)
    #expect(code(.start(pairs: .max)) == .invalidHeaderLength)
  }

  @Test func keysAreChecked() {
    let start = Raw.start(pairs: 1)
    #expect(code(start.adding(UInt64.max).zeros(64)) == .invalidMetadata)
    #expect(code(start.adding(UInt64(1 << 30)).zeros(64)) == .invalidHeaderLength)
    #expect(code(start.adding(key: "", 4).zeros(16)) == .invalidMetadata)
    #expect(code(start.adding(key: "k", 13).zeros(16)) == .invalidMetadata)
    #expect(code(start.adding(key: "k", .max).zeros(16)) == .invalidMetadata)
    let twice = Raw.start(pairs: 2).adding(key: "k", 4).adding(UInt32(1)).adding(key: "k", 4)
    #expect(code(twice.zeros(16)) == .duplicateKey)
    var broken = Raw.start(pairs: 1).adding(UInt64(2)).adding(UInt16(0xFFFE))
    broken = broken.adding(UInt32(4)).zeros(16)
    #expect(code(broken) == .invalidHeaderEncoding)
  }

  @Test func arraysAreChecked() {
    let start = Raw.start(pairs: 1).adding(key: "k", 9)
    for count: UInt64 in [.max, 1 << 63, 1 << 62, 1 << 30, 65] {
      #expect(code(start.adding(UInt32(4)).adding(count).zeros(256)) == .invalidMetadata)
      #expect(code(start.adding(UInt32(8)).adding(count).zeros(256)) == .invalidMetadata)
    }
    #expect(code(start.adding(UInt32(9)).adding(UInt64(1)).zeros(64)) == .invalidMetadata)
    #expect(code(start.adding(UInt32(13)).adding(UInt64(1)).zeros(64)) == .invalidMetadata)
    let long = start.adding(UInt32(8)).adding(UInt64(2)).adding("ok").adding(UInt64(1 << 20))
    #expect(code(long.zeros(64)) == .invalidHeaderLength)
  }

  @Test func alignmentIsChecked() {
    let start = Raw.start(pairs: 1)
    for (type, value, isGood): (UInt32, UInt32, Bool) in [
      (4, 13, false), (4, 0, false), (5, 32, false), (4, 1 << 31, false), (4, 1 << 30, false),
      (4, 1, true), (4, 64, true), (4, 1 << 20, true),
    ] {
      let raw = start.adding(key: "general.alignment", type).adding(value)
      #expect((code(raw) == nil) == isGood, "\(type) \(value)")
    }
  }

  @Test func tensorsAreChecked() {
    #expect(one([4]) == nil)
    #expect(one([]) == nil)
    #expect(one([0, 4]) == nil)
    #expect(one([4, 1, 1, 1]) == nil)
    #expect(one([4], name: String(repeating: "n", count: 63)) == nil)
    #expect(one([4], name: String(repeating: "n", count: 64)) == .invalidTensorEntry)
    #expect(one([4], name: "a\0b") == .invalidTensorEntry)
    #expect(one([1, 1, 1, 1, 1]) == .invalidTensorEntry)
    #expect(one([-1]) == .invalidTensorEntry)
    #expect(one([1 << 32, 1 << 32]) == .shapeOverflow)
    #expect(one([1 << 22, (1 << 42) + 1]) == .shapeOverflow)
    #expect(one([.max]) == .shapeOverflow)
    #expect(one([4, (1 << 30) - 1, (1 << 30) + 1, 1]) == .shapeOverflow)
    #expect(one([31], type: 2) == .misalignedSlice)
    #expect(one([4], offset: .max) == .invalidOffset)
    #expect(one([4], offset: 32) == .invalidOffset)
    #expect(one([2000]) == .incompleteBuffer)
    for type: UInt32 in [4, 5, 31, 32, 33, 36, 37, 38, 43, .max] {
      #expect(one([256], type: type) == .unknownDType, "\(type)")
    }
  }

  @Test func tensorsMayNotOverlap() {
    func two(_ name: String, _ offset: UInt64) -> CheckpointError.Code? {
      code(
        Raw.start(tensors: 2).adding(tensor: "a", [4]).adding(tensor: name, [4], offset: offset)
          .zeros(4096))
    }
    #expect(two("b", 32) == nil)
    #expect(two("a", 32) == .duplicateTensor)
    for offset: UInt64 in [0, 16, 31, 33, 64] { #expect(two("b", offset) == .invalidOffset) }
    let sum = Raw.start(tensors: 2).adding(tensor: "a", [0x7FFF_FFFF_FFFF_FFC0], type: 24)
      .adding(tensor: "b", [0x7FFF_FFFF_FFFF_FFC0], type: 24, offset: 0x7FFF_FFFF_FFFF_FFC0)
    #expect(code(sum.zeros(512)) == .shapeOverflow)
  }

  @Test func manyNamesAreReadOnce() throws {
    let tensors = (0..<200_000).map {
      GGUFHeaderWriter.Tensor(name: "blk.\($0)", extents: [0], type: .f32)
    }
    let header = try GGUFHeaderWriter(metadata: GGUFMetadata(), tensors: tensors).header()
    let clock = ContinuousClock()
    let start = clock.now
    let count = try GGUFHeader(reading: ArraySource(header.bytes)).tensors.count
    let time = start.duration(to: clock.now)
    #expect(count == 200_000)
    // A debug build takes about a second; quadratic work would take most of an hour.
    #expect(time < .seconds(60))
  }

  @Test func theTypeTableIsThatOfGGML() {
    #expect(GGMLType.allCases.count == 35)
    #expect(GGMLType.allCases.allSatisfy { $0.rawValue < GGMLType.idCount })
    #expect(GGMLType(name: "iq2_xxs") == .iq2XXS)
    #expect(GGMLType(name: "Q4_2") == nil)
    #expect(GGMLType.q6K.byteCount(elements: 512) == 420)
    #expect(GGMLType.q6K.byteCount(elements: 300) == nil)
  }
}
