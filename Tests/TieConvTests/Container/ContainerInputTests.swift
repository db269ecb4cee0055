// A container is an input like any other.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct ContainerInputTests {
  private func model(equal: Bool) -> [String: [UInt8]] {
    let table = SampleBytes.weights(512 * 64, seed: 1)
    let head = equal ? table : SampleBytes.weights(512 * 64, seed: 2)
    return [
      "config.json": Array(SampleBytes.llama.utf8),
      "model.safetensors": SampleBytes.safetensors([
        SampleTensor("model.embed_tokens.weight", .bf16, [512, 64], table),
        SampleTensor("model.norm.weight", .bf16, [64], SampleBytes.weights(64, seed: 3)),
        SampleTensor("lm_head.weight", .bf16, [512, 64], head),
      ]),
      "tokenizer_config.json": Array("{}".utf8),
    ]
  }

  @Test(arguments: [true, false])
  func `inspect says the same of both`(equal: Bool) throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", model(equal: equal))
    try sandbox.compress(input, to: "a.tiepack")
    let plain = try Inspector(Checkpoint(opening: input)).report()
    let packed = try Inspector(Checkpoint(opening: sandbox.path("a.tiepack"))).report()
    #expect(packed.verdict == plain.verdict && packed.verdict == (equal ? .untiedEqual : .untied))
    #expect(packed.bytes == plain.bytes && packed.parameters == plain.parameters)
    #expect(packed.format == "tiepack" && plain.format == "safetensors")
  }

  @Test func `tie and untie write the same from both`() throws {
    let sandbox = try ContainerSandbox()
    let files = model(equal: true)
    let input = try sandbox.folder("in", files)
    try sandbox.compress(input, to: "a.tiepack")
    for (name, path) in [("plain", input), ("packed", sandbox.path("a.tiepack"))] {
      _ = try TieEditor(try Checkpoint(opening: path), options: EditOptions()).tie(
        to: sandbox.path(name))
    }
    let tied = try sandbox.contents(sandbox.path("plain"))
    #expect(try sandbox.contents(sandbox.path("packed")) == tied)
    try sandbox.compress(sandbox.path("plain"), to: "tied.tiepack")
    _ = try TieEditor(try Checkpoint(opening: sandbox.path("tied.tiepack")), options: EditOptions())
      .untie(to: sandbox.path("back"))
    #expect(try sandbox.contents(sandbox.path("back")) == files)
  }

  @Test func `verify compares both, and proves one`() throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", model(equal: false))
    try sandbox.compress(input, to: "a.tiepack")
    let packed = try Checkpoint(opening: sandbox.path("a.tiepack"))
    let report = try EqualityVerifier(packed, Checkpoint(opening: input)).report()
    #expect(report.passed && report.tensorsCompared == 3)
    let alone = try IntegrityVerifier(packed, checksFinite: true).report()
    #expect(alone.passed && alone.checks.contains { $0.name == "container" })
  }

  @Test func `a container of a container is the same container`() throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", model(equal: false))
    try sandbox.compress(input, to: "a.tiepack")
    try sandbox.compress(sandbox.path("a.tiepack"), to: "b.tiepack")
    let one = try sandbox.bytes(sandbox.path("a.tiepack"))
    #expect(try sandbox.bytes(sandbox.path("b.tiepack")) == one)
  }

  @Test func `one tensor is read though another is damaged`() throws {
    let sandbox = try ContainerSandbox()
    let files = model(equal: false)
    let input = try sandbox.folder("in", files)
    try sandbox.compress(input, to: "a.tiepack")
    let whole = try Container(sandbox.path("a.tiepack"))
    let place = try #require(whole.table.tensors.last?.extents.first)
    var bytes = try sandbox.bytes(sandbox.path("a.tiepack"))
    bytes[whole.chunkStarts[whole.firstChunks[place.blob]] + 40] ^= 4
    let damaged = try Checkpoint(opening: try sandbox.file("d.tiepack", bytes))
    let plain = try Checkpoint(opening: input)
    for name in ["model.embed_tokens.weight", "lm_head.weight"] {
      let (shard, info) = try #require(damaged.tensor(name))
      let (home, original) = try #require(plain.tensor(name))
      let read = { try shard.file.bytes(in: shard.fileRange(of: info)) }
      if name == "lm_head.weight" {
        #expect { try read() } throws: { "\($0)".contains("lm_head.weight") }
      } else {
        #expect(try read() == home.file.bytes(in: home.fileRange(of: original)))
      }
    }
  }

  @Test(arguments: [1, 4])
  func `rows of a tensor are read alone`(threads: Int) throws {
    let sandbox = try ContainerSandbox()
    let bytes = SampleBytes.weights(4000 * 700, seed: 6)
    let tensor = SampleTensor("w", .bf16, [4000, 700], bytes)
    let input = try sandbox.file("w.safetensors", SampleBytes.safetensors([tensor]))
    try sandbox.compress(input, to: "a.tiepack")
    let options = ExecutionOptions(threads: threads)
    for path in [input, sandbox.path("a.tiepack")] {
      let checkpoint = try Checkpoint(opening: path)
      #expect(try checkpoint.bytes(of: "w", options: options) == bytes)
      for rows in [0..<0, 0..<1, 187..<189, 3999..<4000, 100..<3900] {
        let expected = Array(bytes[rows.lowerBound * 1400..<rows.upperBound * 1400])
        #expect(try checkpoint.bytes(of: "w", rows: rows, options: options) == expected)
      }
      #expect(try checkpoint.bytes(of: "w", rows: 0..<4001) == nil)
      #expect(try checkpoint.bytes(of: "x") == nil)
    }
  }

  @Test func `the output is never the input`() throws {
    let sandbox = try ContainerSandbox()
    let input = try sandbox.folder("in", model(equal: false))
    #expect {
      try Compressor(try Checkpoint(opening: input)).compress(to: "\(input)/a.tiepack")
    } throws: { ($0 as? CheckpointError)?.code == .outputInsideInput }
    try sandbox.compress(input, to: "a.tiepack")
    #expect { try sandbox.compress(input, to: "a.tiepack") } throws: {
      ($0 as? CheckpointError)?.code == .outputExists
    }
  }
}
