// Laws of the way from GGUF to a folder and back: what was not touched comes back byte for byte, what
// was edited is never rounded, and a receipt can ask for nothing that its folder does not bear out.

import Foundation
import Testing
import TieConvIO

@testable import TieConv

struct BlockPackingTests {
  private static func bytes(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path)
    return try file.bytes(in: 0..<file.size)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    try FileManager.default.removeItem(atPath: path)
    try OutputFile(creating: path).write(bytes, at: 0)
  }

  /// A folder with a packed GGUF model and what convert makes of it.
  private struct Sandbox {
    let folder: TemporaryFolder
    let original: String
    let plain: String
    let again: String

    init() throws {
      folder = try TemporaryFolder()
      original = "\(folder.path)/original.gguf"
      plain = "\(folder.path)/folder"
      again = "\(folder.path)/again.gguf"
      var model = PackedModel()
      try model.write(to: original, in: folder)
      let report = try convert(original, plain, .safetensors)
      #expect(report.receipt == "\(plain)/\(Receipt.fileName)" && report.verified == true)
    }

    /// Changes the last bit of a tensor's first number.
    func edit(_ tensor: String) throws {
      let checkpoint = try Checkpoint(opening: plain)
      let (shard, info) = try #require(checkpoint.tensor(tensor))
      var contents = try bytes(shard.path)
      contents[shard.fileRange(of: info).lowerBound] ^= 1
      try BlockPackingTests.write(contents, to: shard.path)
    }

    func edit(_ name: String, replacing old: String, with new: String) throws {
      let path = "\(plain)/\(name)"
      let text = String(decoding: try bytes(path), as: UTF8.self)
      try #require(text.contains(old))
      try write(Array(text.replacingOccurrences(of: old, with: new).utf8), to: path)
    }
  }

  @Test func anUntouchedFolderBecomesTheFileThatItWas() throws {
    let sandbox = try Sandbox()
    let report = try convert(sandbox.plain, sandbox.again, .gguf)
    #expect(try Self.bytes(sandbox.again) == Self.bytes(sandbox.original))
    #expect(Set(report.tensorsPacked.map(\.type)) == Set(PackedModel.types.map(\.name)))
    #expect(report.tensorsEdited.isEmpty && report.notes.isEmpty)
  }

  @Test func shardsAndContainersKeepTheRecord() throws {
    let sandbox = try Sandbox()
    let shards = "\(sandbox.folder.path)/shards"
    _ = try convert(sandbox.plain, shards, .safetensors) { $0.maximumShardSize = 50_000 }
    let pack = "\(sandbox.folder.path)/model.tiepack"
    _ = try convert(shards, pack, .tiepack)
    for source in [shards, pack] {
      let output = "\(source).gguf"
      _ = try convert(source, output, .gguf)
      #expect(try Self.bytes(output) == Self.bytes(sandbox.original), "\(source)")
    }
    let integrity = try IntegrityVerifier(try Checkpoint(opening: shards)).report()
    #expect(integrity.passed)
  }

  @Test func untyingKeepsTheRecordOfTypes() throws {
    let sandbox = try Sandbox()
    let untied = "\(sandbox.folder.path)/untied"
    _ = try TieEditor(try Checkpoint(opening: sandbox.plain)).untie(to: untied)
    let report = try convert(untied, sandbox.again, .gguf)
    #expect(report.tensorsPacked.count == 8)
    let header = try GGUFHeader(opening: sandbox.again)
    #expect(header.tensors.first { $0.name == "output.weight" }?.type == .f32)
  }

  @Test func anEditedTensorStaysAsItIsAndIsNamed() throws {
    let sandbox = try Sandbox()
    let name = "model.layers.0.self_attn.q_proj.weight"
    try sandbox.edit(name)
    let report = try convert(sandbox.plain, sandbox.again, .gguf)
    #expect(report.tensorsEdited == [name])
    #expect(report.tensorsPacked.count == 7)
    let after = try Checkpoint(opening: sandbox.again)
    #expect(after.tensor("blk.0.attn_q.weight")?.info.dtype == .f32)
    let (original, packed) = (
      try GGUFHeader(opening: sandbox.original), try GGUFHeader(opening: sandbox.again)
    )
    #expect(original.metadata["general.tags"] == packed.metadata["general.tags"])
    // Most numbers are the embedding's, which is Q8_0: llama.cpp's 7.
    #expect(packed.metadata["general.file_type"] == .uint32(7))
  }

  @Test func aCastIsObeyedAndAnEditedConfigSpeaksForItself() throws {
    let sandbox = try Sandbox()
    let plain = "\(sandbox.folder.path)/plain-again.gguf"
    let report = try convert(sandbox.plain, plain, .gguf) { $0.dtype = .f32 }
    #expect(report.tensorsPacked.isEmpty && report.tensorsEdited.isEmpty)
    #expect(try GGUFHeader(opening: plain).tensors.allSatisfy { $0.type == .f32 })
    #expect(try GGUFHeader(opening: plain).metadata["general.file_type"] == .uint32(0))
    try sandbox.edit(
      "config.json", replacing: "\"rope_theta\": 10000.0", with: "\"rope_theta\": 5e5")
    let edited = try convert(sandbox.plain, sandbox.again, .gguf)
    #expect(edited.tensorsPacked.count == 8)
    let header = try GGUFHeader(opening: sandbox.again)
    #expect(header.metadata["llama.rope.freq_base"] == .float32(500_000))
    #expect(header.metadata["general.tags"] == nil)
  }

  @Test func whatWasCastOnTheWayIsNotTakenForEdited() throws {
    let sandbox = try Sandbox()
    let half = "\(sandbox.folder.path)/half"
    _ = try convert(sandbox.original, half, .safetensors) { $0.dtype = .bf16 }
    let report = try convert(half, sandbox.again, .gguf)
    #expect(report.tensorsPacked.isEmpty && report.tensorsEdited.isEmpty)
    let header = try GGUFHeader(opening: sandbox.again)
    #expect(header.metadata["general.file_type"] == .uint32(32))
    #expect(header.metadata["general.name"] == .string("A Name of Its Own"))
  }

  @Test func whatAReceiptAsksForMustBeBorneOut() throws {
    // Types that numbers are not of, that no encoder is for, or that rows do not fill.
    for (old, new) in [("\"Q4_1\"", "\"Q4_0\""), ("\"Q8_0\"", "\"Q4_K\""), ("\"F32\"", "\"Q8_0\"")]
    {
      let sandbox = try Sandbox()
      try sandbox.edit(Receipt.fileName, replacing: old, with: new)
      let report = try convert(sandbox.plain, sandbox.again, .gguf)
      #expect(report.verified == true)
      #expect(report.tensorsEdited.isEmpty == (new == "\"Q4_K\""))
      #expect(report.notes.count == (new == "\"Q4_K\"" ? 1 : 0))
    }
  }

  @Test func aReceiptThatIsNoneIsRefused() throws {
    for (old, new) in [
      ("\"Q4_1\"", "\"Q9_9\""), ("\"Q4_1\"", "null"), ("\"uint32\"", "\"uint99\""),
      ("\"value\": 96", "\"value\": -1"), ("\"value\": 96", "\"value\": 4294967296"),
      ("\"string[]\"", "\"array\""), ("general.tags", "general.name"), ("\"tensors\"", "\"t\""),
      ("model.norm.weight", "model.embed_tokens.weight"),
    ] {
      let sandbox = try Sandbox()
      try sandbox.edit(Receipt.fileName, replacing: old, with: new)
      #expect {
        try convert(sandbox.plain, sandbox.again, .gguf)
      } throws: { ($0 as? CheckpointError)?.code == .invalidReceipt }
      #expect(try FileSystem.kind(of: sandbox.again) == nil)
    }
  }

  @Test func metadataOfAnotherArchitectureIsNotTaken() throws {
    let sandbox = try Sandbox()
    try sandbox.edit(
      Receipt.fileName, replacing: "\"value\": \"llama\"", with: "\"value\": \"bert\"")
    _ = try convert(sandbox.plain, sandbox.again, .gguf)
    #expect(try GGUFHeader(opening: sandbox.again).metadata.architecture == "llama")
  }

  @Test func aTruncatedReceiptIsOneError() throws {
    let sandbox = try Sandbox()
    let path = "\(sandbox.plain)/\(Receipt.fileName)"
    let whole = try Self.bytes(path)
    // The last brace and the line's end.
    for count in stride(from: 0, to: whole.count - 2, by: 7) {
      #expect(throws: CheckpointError.self) {
        try Receipt(text: Array(whole[..<count]), path: path)
      }
    }
    var random = SeededRandom(seed: 5)
    for place in stride(from: 0, to: whole.count, by: 5) {
      var flipped = whole
      flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      do throws(CheckpointError) { _ = try Receipt(text: flipped, path: path) } catch {
        #expect(error.code == .invalidReceipt)
      }
    }
  }
}
