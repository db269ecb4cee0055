// Nothing is stored twice, and a name is still a name.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct ContainerSharingTests {
  private let table = SampleBytes.weights(2048 * 512, seed: 1)

  private func pair(_ head: [UInt8], rows: Int = 2048) -> [String: [UInt8]] {
    [
      "config.json": Array(SampleBytes.llama.utf8),
      "model.safetensors": SampleBytes.safetensors([
        SampleTensor("model.embed_tokens.weight", .bf16, [2048, 512], table),
        SampleTensor("lm_head.weight", .bf16, [rows, 512], head),
      ]),
    ]
  }

  @Test func `a tied duplicate costs nothing`() throws {
    let sandbox = try ContainerSandbox()
    let files = pair(table)
    let report = try sandbox.compress(try sandbox.folder("in", files), to: "a.tiepack")
    #expect(report.sharedBytes == table.count)
    let container = try Container(sandbox.path("a.tiepack"))
    let tensors = container.table.tensors
    #expect(tensors[0].extents == tensors[1].extents && tensors[0].name != tensors[1].name)
    #expect(report.outputBytes < 64 * table.count / 100 + 2048)
    #expect(try sandbox.decompressed(sandbox.path("a.tiepack"), to: "out") == files)
  }

  @Test func `rows that both have are stored once`() throws {
    let sandbox = try ContainerSandbox()
    // 16 rows added at the end, and one changed in the middle.
    var head = table + SampleBytes.weights(16 * 512, seed: 77)
    head[1000 * 1024 + 5] ^= 1
    let files = pair(head, rows: 2064)
    let report = try sandbox.compress(try sandbox.folder("in", files), to: "a.tiepack")
    #expect(report.sharedBytes == 2047 * 1024)
    let extents = try Container(sandbox.path("a.tiepack")).table.tensors[1].extents
    #expect(extents.count == 4 && extents[0].count == 1000 * 1024 && extents[1].count == 1024)
    #expect(try sandbox.decompressed(sandbox.path("a.tiepack"), to: "out") == files)
  }

  @Test func `equal tensors of other shards and dtypes are found by content`() throws {
    let sandbox = try ContainerSandbox()
    let expert = SampleBytes.random(100_000, seed: 4)
    let files = [
      "model-00001-of-00002.safetensors": SampleBytes.safetensors([
        SampleTensor("experts.0", .f16, [50_000], expert),
        SampleTensor("experts.1", .u8, [100_000], expert),
      ]),
      "model-00002-of-00002.safetensors": SampleBytes.safetensors([
        SampleTensor("experts.2", .f16, [50_000], expert),
        SampleTensor("almost", .f16, [50_000], expert.dropLast() + [expert[99_999] ^ 1]),
      ]),
      "copy.bin": expert,
    ]
    let report = try sandbox.compress(try sandbox.folder("in", files), to: "a.tiepack")
    #expect(report.sharedBytes == 300_000)
    #expect(try sandbox.decompressed(sandbox.path("a.tiepack"), to: "out") == files)
  }

  @Test func `runs of rows are cut where they differ, and short ones are not worth it`() {
    typealias Run = RowSharing.Run
    #expect(
      RowSharing.runs([true, true, false, true, true, true], least: 2)
        == [
          Run(rows: 0..<2, isShared: true), Run(rows: 2..<3, isShared: false),
          Run(rows: 3..<6, isShared: true),
        ])
    #expect(
      RowSharing.runs([true, false, true, false], least: 2)
        == [Run(rows: 0..<4, isShared: false)])
    #expect(RowSharing.runs([], least: 1).isEmpty)
  }

  // MARK: Bases

  private func finetuned() -> [String: [UInt8]] {
    var tuned = SampleBytes.weights(2048 * 512, seed: 8)
    for place in stride(from: 0, to: tuned.count / 2, by: 64) { tuned[place] ^= 1 }
    return pair(tuned)
  }

  @Test func `a fine-tune takes what it differs by, and its own base alone restores it`() throws {
    let sandbox = try ContainerSandbox()
    let base = try sandbox.folder("base", pair(SampleBytes.weights(2048 * 512, seed: 8)))
    let files = finetuned()
    let input = try sandbox.folder("in", files)
    let alone = try sandbox.compress(input, to: "alone.tiepack").outputBytes
    let report = try sandbox.compress(input, to: "delta.tiepack", base: base)
    #expect(report.outputBytes < alone / 2)
    let delta = sandbox.path("delta.tiepack")
    #expect(try sandbox.decompressed(delta, to: "out", base: base) == files)

    #expect { try Decompressor(opening: delta).decompress(to: sandbox.path("x")) } throws: {
      ($0 as? CheckpointError)?.code == .wrongBase
    }
    var other = pair(SampleBytes.weights(2048 * 512, seed: 8))
    other["model.safetensors"]?[200_000] ^= 1
    let wrong = try sandbox.folder("wrong", other)
    #expect { try sandbox.decompressed(delta, to: "x", base: wrong) } throws: {
      ($0 as? CheckpointError)?.code == .wrongBase
    }
    #expect(try FileSystem.kind(of: sandbox.path("x")) == nil)
    // What needs the base says so, in every command.
    #expect {
      try EqualityVerifier(Checkpoint(opening: delta), Checkpoint(opening: input)).report()
    } throws: { ($0 as? CheckpointError)?.code == .wrongBase }
  }

  @Test func `a container can be the base of another`() throws {
    let sandbox = try ContainerSandbox()
    let base = try sandbox.folder("base", pair(table))
    try sandbox.compress(base, to: "base.tiepack")
    let files = finetuned()
    let input = try sandbox.folder("in", files)
    try sandbox.compress(input, to: "delta.tiepack", base: sandbox.path("base.tiepack"))
    let restored = try sandbox.decompressed(sandbox.path("delta.tiepack"), to: "out", base: base)
    #expect(restored == files)
  }
}
