// Laws of whole conversions, on tiny models with their tokenizers.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct ConverterTests {
  @Test(arguments: ["byte-level", "sentencepiece", "unigram", "pairs"])
  func gGUFAndBackGivesEveryTensorByteForByte(name: String) throws {
    let folder = try TemporaryFolder()
    let input = "\(Testdata.root)/conversion/\(name)"
    let gguf = "\(folder.path)/model.gguf"
    let back = "\(folder.path)/back"
    let there = try convert(input, gguf, .gguf)
    #expect(there.verified == true)
    let again = try convert(gguf, back, .safetensors)
    #expect(again.tensorsDropped.isEmpty && again.tensorsAdded.isEmpty)
    let (before, after) = (try Checkpoint(opening: input), try Checkpoint(opening: back))
    #expect(Set(before.locations.keys) == Set(after.locations.keys))
    for tensor in before.tensors {
      #expect(try before.bytes(of: tensor.name) == after.bytes(of: tensor.name))
      #expect(after.tensor(tensor.name)?.info.dtype == tensor.dtype)
    }
    #expect(
      after.config?.flagStatements.first?.value == before.config?.flagStatements.first?.value)
  }

  @Test func aTiedModelHasNoHeadInGGUFAndAnUntiedOneHas() throws {
    let folder = try TemporaryFolder()
    for (name, hasHead) in [("byte-level", false), ("sentencepiece", true)] {
      let gguf = "\(folder.path)/\(name).gguf"
      _ = try convert("\(Testdata.root)/conversion/\(name)", gguf, .gguf)
      let header = try GGUFHeader(opening: gguf)
      #expect(header.tensors.contains { $0.name == "output.weight" } == hasHead)
    }
  }

  @Test func shardsHoldWhatTheyMayAndTheIndexIsExact() throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/out"
    let report = try convert(
      "\(Testdata.root)/conversion/sentencepiece", output, .safetensors
    ) { $0.maximumShardSize = 4000 }
    let after = try Checkpoint(opening: output)
    #expect(after.shards.count > 1)
    for shard in after.shards {
      #expect(shard.storedBytes <= 4000 || shard.tensors.count == 1)
    }
    #expect(IndexAudit(after).faults.isEmpty)
    #expect(after.index?.totalSize == after.storedBytes)
    #expect(after.index?.totalParameters == after.storedParameters)
    #expect(report.tensorCount == after.locations.count)
    let equality = try EqualityVerifier(
      try Checkpoint(opening: "\(Testdata.root)/conversion/sentencepiece"), after
    ).report()
    #expect(equality.isEqual == true)
  }

  @Test func aConflictIsRefusedAndLeavesNothing() throws {
    let folder = try TemporaryFolder()
    for verdict in ["TIED_CONFLICT", "HEAD_MISSING"] {
      for target in [ConversionTarget.safetensors, .mlx] {
        #expect {
          try convert("\(Testdata.root)/verdicts/\(verdict)", "\(folder.path)/out", target)
        } throws: { ($0 as? CheckpointError)?.code == .conflict }
      }
    }
    #expect(try FileSystem.names(in: folder.path).isEmpty)
  }

  @Test(arguments: [ConversionTarget.safetensors, .mlx])
  func aModelWithoutTensorsStaysOne(target: ConversionTarget) throws {
    let folder = try TemporaryFolder()
    let output = "\(folder.path)/out"
    let report = try convert("\(Testdata.root)/found/no-tensors-at-all", output, target)
    #expect(report.verified == true)
    #expect(try Checkpoint(opening: output).locations.isEmpty)
  }

  @Test func aDryRunWritesNothing() throws {
    let folder = try TemporaryFolder()
    let report = try convert(
      "\(Testdata.root)/conversion/byte-level", "\(folder.path)/m.gguf", .gguf
    ) { $0.isDryRun = true }
    #expect(report.output == nil && (report.outputBytes ?? 0) > 0)
    #expect(try FileSystem.names(in: folder.path).isEmpty)
  }
}
