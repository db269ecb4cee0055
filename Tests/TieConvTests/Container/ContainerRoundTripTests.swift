// What goes in comes out, bit for bit, whatever it is.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct ContainerRoundTripTests {
  /// Every dtype, with a whole number of bytes, random bits: NaN payloads, −0.0, subnormals included.
  static func everyDType() -> [SampleTensor] {
    DType.allCases.filter(\.isInSafetensors).enumerated().flatMap { number, dtype in
      [[], [0, 7], [4], [1, 8], [333, 8], [12, 1]].enumerated().compactMap {
        place, shape -> SampleTensor? in
        guard shape.reduce(1, *) * dtype.bitWidth % 8 == 0 else { return nil }
        return SampleTensor(
          "\(dtype.rawValue).\(place)", dtype, shape, seed: UInt64(100 * number + place))
      }
    }
  }

  static func special() -> [SampleTensor] {
    // Exponents of weights, with every hard case planted among them.
    var bf16 = SampleBytes.weights(200_001, seed: 5)
    for (place, bits) in [0x7FC1, 0xFFFF, 0x8000, 0x0000, 0x0001, 0x807F, 0x7F80].enumerated() {
      bf16[2 * (place * 977 + 3)] = UInt8(bits & 255)
      bf16[2 * (place * 977 + 3) + 1] = UInt8(bits >> 8)
    }
    let f32 = stride(from: 0, to: bf16.count, by: 2).flatMap { place -> [UInt8] in
      [UInt8(place & 255), UInt8(place >> 3 & 255), bf16[place], bf16[place + 1]]
    }
    let widened = stride(from: 0, to: bf16.count, by: 2).flatMap { place -> [UInt8] in
      [0, 0, bf16[place], bf16[place + 1]]
    }
    return [
      SampleTensor("bf16", .bf16, [200_001], bf16),
      SampleTensor("f32", .f32, [200_001], f32),
      SampleTensor("f32.of.bf16", .f32, [3, 66_667], widened),
      SampleTensor("ones", .bf16, [9000], (0..<18_000).map { $0 % 2 == 0 ? 0x80 : 0x3F }),
      SampleTensor("zeros", .f32, [70_000], Array(repeating: 0, count: 280_000)),
      SampleTensor("noise", .i64, [40_000], seed: 9),
      SampleTensor("odd", .u8, [262_145], seed: 10),
    ]
  }

  private static func model() -> [String: [UInt8]] {
    [
      "config.json": Array(SampleBytes.llama.utf8),
      "model-00001-of-00002.safetensors": SampleBytes.safetensors(
        everyDType(), metadata: "\"__metadata__\": {\"format\":\"pt\"}, "),
      "model-00002-of-00002.safetensors": SampleBytes.safetensors(special()),
      "notes/empty.txt": [],
      "notes/broken.safetensors": [1, 2, 3],
      "tokenizer.json": Array(String(repeating: "{\"a\": 1}\n", count: 50_000).utf8),
    ]
  }

  @Test(arguments: ContainerCodec.allCases, [1, 2, 7])
  func `every byte of every file comes back`(codec: ContainerCodec, threads: Int) throws {
    let sandbox = try ContainerSandbox()
    let files = Self.model()
    let input = try sandbox.folder("in", files)
    let report = try sandbox.compress(input, to: "a.tiepack", threads: threads, codec: codec)
    #expect(try sandbox.decompressed(sandbox.path("a.tiepack"), to: "out") == files)
    #expect(report.verified == true && report.fileCount == files.count)
    #expect(report.outputBytes == (try sandbox.bytes(sandbox.path("a.tiepack")).count))
    let one = try sandbox.compress(input, to: "b.tiepack", threads: 1, codec: codec)
    #expect(one.outputBytes == report.outputBytes)
    let same =
      try sandbox.bytes(sandbox.path("a.tiepack")) == sandbox.bytes(sandbox.path("b.tiepack"))
    #expect(same, "the bytes do not depend on the thread count")
  }

  @Test func `a lone file comes back as a lone file`() throws {
    let sandbox = try ContainerSandbox()
    let bytes = SampleBytes.safetensors(Self.special())
    try sandbox.compress(try sandbox.file("one.safetensors", bytes), to: "a.tiepack")
    _ = try Decompressor(opening: sandbox.path("a.tiepack")).decompress(to: sandbox.path("back"))
    #expect(try sandbox.bytes(sandbox.path("back")) == bytes)
  }

  @Test func `the file system's permissions come back`() throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", [:])
    try OutputFile(creating: "\(input)/model.safetensors", permissions: 0o640).write(
      SampleBytes.safetensors(Self.special()), at: 0)
    let before = try InputFile("\(input)/model.safetensors").permissions
    try sandbox.compress(input, to: "a.tiepack")
    _ = try sandbox.decompressed(sandbox.path("a.tiepack"), to: "out")
    #expect(try InputFile("\(sandbox.path("out"))/model.safetensors").permissions == before)
  }

  @Test func `weights take what their entropy says, constants take nothing`() throws {
    let sandbox = try ContainerSandbox()
    let weights = SampleTensor(
      "w", .bf16, [1 << 20], SampleBytes.weights(1 << 20, seed: 3))
    try sandbox.compress(
      try sandbox.file("w.safetensors", SampleBytes.safetensors([weights])), to: "w.tiepack")
    let size = try sandbox.bytes(sandbox.path("w.tiepack")).count
    // 2 bits of exponent (and of noise in the mantissa 7, the sign 1): 10 of 16.
    #expect(Double(size) < 0.64 * Double(2 << 20))
    let zeros = SampleTensor("z", .f32, [1 << 20], Array(repeating: 0, count: 4 << 20))
    try sandbox.compress(
      try sandbox.file("z.safetensors", SampleBytes.safetensors([zeros])), to: "z.tiepack")
    #expect(try sandbox.bytes(sandbox.path("z.tiepack")).count < 2048)
  }

  @Test func `many small tensors share blobs`() throws {
    let sandbox = try ContainerSandbox()
    let tensors = (0..<5000).map {
      SampleTensor("t.\($0)", .bf16, [1 + $0 % 9], seed: UInt64($0))
    }
    let bytes = SampleBytes.safetensors(tensors)
    try sandbox.compress(try sandbox.file("m.safetensors", bytes), to: "m.tiepack")
    _ = try Decompressor(opening: sandbox.path("m.tiepack")).decompress(to: sandbox.path("back"))
    #expect(try sandbox.bytes(sandbox.path("back")) == bytes)
    let container = try Container(sandbox.path("m.tiepack"))
    #expect(container.table.tensors.count == 5000 && container.table.blobs.count < 20)
  }

  @Test func `an interrupted run leaves nothing`() throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", Self.model())
    let options = CompressOptions()
    options.execution.cancellation.cancel()
    #expect {
      try Compressor(try Checkpoint(opening: input), options: options).compress(
        to: sandbox.path("a.tiepack"))
    } throws: { ($0 as? CheckpointError)?.code == .interrupted }
    try sandbox.compress(input, to: "b.tiepack")
    let unpacking = DecompressOptions()
    unpacking.execution.cancellation.cancel()
    #expect {
      try Decompressor(opening: sandbox.path("b.tiepack"), options: unpacking).decompress(
        to: sandbox.path("out"))
    } throws: { ($0 as? CheckpointError)?.code == .interrupted }
    #expect(try FileSystem.names(in: sandbox.path) == ["b.tiepack", "in"])
  }
}
