// Laws of GGUF to GGUF: parts and whole hold the same model, bytes stay unless a cast is asked for.

import Testing
import TieConvIO

@testable import TieConv

struct GGUFCopyTests {
  private static func convert(
    _ input: String, _ output: String, _ change: (inout ConvertOptions) -> Void = { _ in }
  ) throws -> ConvertReport {
    var options = ConvertOptions(execution: ExecutionOptions(threads: 2))
    change(&options)
    return try Converter(try Checkpoint(opening: input), options: options)
      .convert(to: output, as: .gguf)
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path)
    return try file.bytes(in: 0..<file.size)
  }

  @Test func partsMergedAgainAreTheFile() throws {
    let folder = try TemporaryFolder()
    let (whole, parts, merged) = (
      "\(folder.path)/whole.gguf", "\(folder.path)/parts.gguf", "\(folder.path)/merged.gguf"
    )
    var model = PackedModel()
    try model.write(to: whole, in: folder)
    _ = try Self.convert(whole, parts) { $0.maximumShardSize = 6000 }
    let names = try FileSystem.names(in: parts)
    #expect(names.count > 2 && names[0] == "parts-00001-of-0000\(names.count).gguf")
    let split = try Checkpoint(opening: "\(parts)/\(names[1])")
    #expect(split.shards.count == names.count && IndexAudit(split).faults.isEmpty)
    _ = try Self.convert("\(parts)/\(names[0])", merged)
    #expect(try Self.bytes(merged) == Self.bytes(whole))
  }

  @Test func aCastUnpacksMatricesAndNothingElse() throws {
    let folder = try TemporaryFolder()
    let (packed, plain) = ("\(folder.path)/packed.gguf", "\(folder.path)/plain.gguf")
    var model = PackedModel()
    try model.write(to: packed, in: folder)
    _ = try Self.convert(packed, plain) { $0.dtype = .f32 }
    let (before, after) = (try Checkpoint(opening: packed), try Checkpoint(opening: plain))
    #expect(after.tensors.allSatisfy { $0.dtype == .f32 })
    #expect(try EqualityVerifier(before, after).report().isEqual == true)
    #expect(after.ggufMetadata?["general.file_type"] == .uint32(0))
    #expect(after.ggufMetadata?["general.tags"] == before.ggufMetadata?["general.tags"])
    let half = "\(folder.path)/half.gguf"
    _ = try Self.convert(packed, half) { $0.dtype = .f16 }
    for tensor in try Checkpoint(opening: half).tensors {
      #expect(tensor.dtype == (tensor.shape.rank > 1 ? .f16 : .f32))
    }
  }

  @Test func aFolderIsPartedToo() throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/parts"
    let source = "\(Testdata.root)/conversion/byte-level"
    _ = try Self.convert(source, output) { $0.maximumShardSize = 2000 }
    let parts = try Checkpoint(opening: output)
    #expect(parts.shards.count > 1 && IndexAudit(parts).faults.isEmpty)
    // One part is a file of its own, without the keys of parts.
    let one = "\(folder.path)/one"
    _ = try Self.convert(source, one) { $0.maximumShardSize = 1 << 30 }
    #expect(try FileSystem.names(in: one) == ["one.gguf"])
    #expect(try Checkpoint(opening: one).ggufMetadata?["split.count"] == nil)
  }

  @Test func blocksOfForeignByteOrderAreUnpackedOnly() throws {
    let folder = try TemporaryFolder()
    let source = "\(Testdata.root)/gguf/llama-big-endian.gguf"
    let report = try Self.convert(source, "\(folder.path)/little.gguf") { $0.dtype = .f32 }
    #expect(report.verified == true)
    let (before, after) = (
      try Checkpoint(opening: source), try Checkpoint(opening: "\(folder.path)/little.gguf")
    )
    #expect(try EqualityVerifier(before, after).report().isEqual == true)
  }
}
