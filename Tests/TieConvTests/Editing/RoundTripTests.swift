// Tie and untie are each other's inverse, byte for byte, and change nothing else.

import Foundation
import Testing
import TieConvIO

@testable import TieConv

@Suite struct RoundTripTests {
  private func tie(_ folder: TemporaryFolder, _ from: String, _ to: String) throws -> EditReport {
    try TieEditor(try Checkpoint(opening: "\(folder.path)/\(from)"))
      .tie(to: "\(folder.path)/\(to)")
  }

  private func untie(_ folder: TemporaryFolder, _ from: String, _ to: String) throws -> EditReport {
    try TieEditor(try Checkpoint(opening: "\(folder.path)/\(from)"))
      .untie(to: "\(folder.path)/\(to)")
  }

  private func verdict(_ folder: TemporaryFolder, _ name: String) throws -> TieVerdict {
    try Inspector(try Checkpoint(opening: "\(folder.path)/\(name)")).report().verdict
  }

  @Test("untie after tie restores every byte of a folder", arguments: 0..<120)
  func untieAfterTie(_ seed: Int) throws {
    let folder = try TemporaryFolder()
    var source = RandomCheckpoint(seed: seed, isTied: false)
    try source.write(to: folder.path + "/a")
    let before = try folder.snapshot("a")
    let report = try tie(folder, "a", "b")
    #expect(report.tensorsDropped == ["lm_head.weight"])
    #expect(try verdict(folder, "b") == .tied)
    #expect(try untie(folder, "b", "c").restoredOriginal)
    #expect(try folder.snapshot("c") == before)
    #expect(try folder.snapshot("a") == before)
    let equality = try EqualityVerifier(
      try Checkpoint(opening: folder.path + "/a"), try Checkpoint(opening: folder.path + "/b")
    ).report()
    #expect(equality.isEqual == true)
  }

  @Test("tie after untie restores every byte of a folder", arguments: 0..<120)
  func tieAfterUntie(_ seed: Int) throws {
    let folder = try TemporaryFolder()
    var source = RandomCheckpoint(seed: seed, isTied: true)
    try source.write(to: folder.path + "/a")
    let before = try folder.snapshot("a")
    #expect(try untie(folder, "a", "b").tensorsAdded == ["lm_head.weight"])
    #expect(try verdict(folder, "b") == .untiedEqual)
    #expect(try tie(folder, "b", "c").restoredOriginal)
    #expect(try folder.snapshot("c") == before)
  }

  @Test("both ways hold for a lone file", arguments: 0..<40)
  func loneFile(_ seed: Int) throws {
    let folder = try TemporaryFolder()
    var source = RandomCheckpoint(seed: seed, isTied: false)
    try source.write(to: folder.path + "/a")
    let files = try folder.snapshot("a").filter { $0.key == "model.safetensors" }
    guard let bytes = files["model.safetensors"] else { return }
    let lone = folder.path + "/lone.safetensors"
    try bytes.write(to: URL(fileURLWithPath: lone))
    _ = try tie(folder, "lone.safetensors", "tied.safetensors")
    _ = try untie(folder, "tied.safetensors", "back.safetensors")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/back.safetensors")) == bytes)
  }

  @Test("a changed config is kept, not overwritten by the receipt")
  func changedConfig() throws {
    let folder = try TemporaryFolder()
    var source = RandomCheckpoint(seed: 3, isTied: false)
    try source.write(to: folder.path + "/a")
    _ = try tie(folder, "a", "b")
    let config = URL(fileURLWithPath: folder.path + "/b/config.json")
    let text = try String(contentsOf: config, encoding: .utf8)
    try text.replacingOccurrences(of: "1000000.0", with: "500000.0")
      .write(to: config, atomically: true, encoding: .utf8)
    let report = try untie(folder, "b", "c")
    #expect(!report.restoredOriginal)
    let after = try String(contentsOfFile: folder.path + "/c/config.json", encoding: .utf8)
    #expect(after.contains("500000.0"))
    #expect(try verdict(folder, "c") == .untiedEqual)
  }

  @Test("a conflict is refused and leaves nothing")
  func conflict() throws {
    let folder = try TemporaryFolder()
    let source = "\(Testdata.root)/verdicts/TIED_CONFLICT"
    #expect {
      _ = try TieEditor(try Checkpoint(opening: source)).tie(to: folder.path + "/out")
    } throws: {
      ($0 as? CheckpointError)?.code == .conflict
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("--keep gives the chosen side the embedding's name", arguments: KeptSide.allCases)
  func keep(_ side: KeptSide) throws {
    let folder = try TemporaryFolder()
    let source = try Checkpoint(opening: "\(Testdata.root)/verdicts/TIED_CONFLICT")
    var options = EditOptions()
    options.keep = side
    _ = try TieEditor(source, options: options).tie(to: folder.path + "/out")
    let result = try Checkpoint(opening: folder.path + "/out")
    let kept = side == .embedding ? "model.embed_tokens.weight" : "lm_head.weight"
    let (one, info) = try #require(source.tensor(kept))
    let (other, after) = try #require(result.tensor("model.embed_tokens.weight"))
    #expect(result.tensor("lm_head.weight") == nil)
    #expect(
      try one.file.bytes(in: one.fileRange(of: info))
        == other.file.bytes(in: other.fileRange(of: after)))
  }

  @Test("a dry run writes nothing")
  func dryRun() throws {
    let folder = try TemporaryFolder()
    var options = EditOptions()
    options.isDryRun = true
    let source = try Checkpoint(opening: "\(Testdata.root)/demo-model")
    let report = try TieEditor(source, options: options).tie(to: folder.path + "/out")
    #expect(report.output == nil)
    #expect(report.tensorsDropped == ["lm_head.weight"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
