// Each tiny model of testdata/gguf is judged, tied and untied as expected, and what can be undone comes
// back byte for byte.

import Foundation
import Testing
import TieConvIO

@testable import TieConv

struct GGUFModelTests {
  struct Expectation: Decodable {
    let verdict: String
    let tie: String
    let untie: String
  }

  static let expected: [String: Expectation] = {
    let path = "\(Testdata.root)/gguf/expected.json"
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    return (try? JSONDecoder().decode([String: Expectation].self, from: data)) ?? [:]
  }()

  static func path(_ name: String) -> String {
    let folder = "\(Testdata.root)/gguf/\(name)"
    return FileManager.default.fileExists(atPath: folder) ? folder : folder + ".gguf"
  }

  /// The bytes of a file, or of every file of a folder but the receipt.
  private func contents(_ path: String) throws -> [String: Data] {
    guard try FileSystem.kind(of: path) == .directory else {
      return ["": try Data(contentsOf: URL(fileURLWithPath: path))]
    }
    var contents: [String: Data] = [:]
    for name in try FileSystem.names(in: path) where name != Receipt.fileName {
      contents[name] = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    return contents
  }

  @Test func everyModelHasAnExpectation() {
    let names = Testdata.names(in: "gguf").filter { !$0.hasSuffix(".json") }
      .map { $0.hasSuffix(".gguf") ? String($0.dropLast(5)) : $0 }
    #expect(names.count > 20)
    #expect(Set(names) == Set(Self.expected.keys))
  }

  @Test(arguments: expected.keys.sorted())
  func theVerdictIsTheExpectedOne(_ name: String) throws {
    let report = try Inspector(try Checkpoint(opening: Self.path(name))).report()
    #expect(report.verdict.rawValue == Self.expected[name]?.verdict)
    #expect(report.format == "gguf")
  }

  @Test(arguments: expected.keys.sorted(), ["tie", "untie"])
  func editsDoWhatIsExpectedAndCanBeUndone(_ name: String, _ operation: String) throws {
    let expectation = try #require(Self.expected[name])
    let expected = operation == "tie" ? expectation.tie : expectation.untie
    let folder = try TemporaryFolder()
    let (output, back) = (folder.path + "/out", folder.path + "/back")
    let input = try Checkpoint(opening: Self.path(name))
    let report: EditReport
    do throws(CheckpointError) {
      let editor = TieEditor(input)
      report = try operation == "tie" ? editor.tie(to: output) : editor.untie(to: output)
    } catch {
      #expect(expected == "refuse", "\(error.line)")
      #expect(error.code == .conflict)
      #expect(try FileSystem.names(in: folder.path).isEmpty)
      return
    }
    let done =
      !report.tensorsDropped.isEmpty
      ? "drop"
      : !report.tensorsAdded.isEmpty ? "add" : report.tensorsRenamed.isEmpty ? "copy" : "rename"
    #expect(done == expected)
    let edited = try Checkpoint(opening: output)
    let wasSound = try IntegrityVerifier(input).report().passed
    #expect(try !wasSound || IntegrityVerifier(edited).report().passed)
    // Where no head was meant to be missing, the new one is news.
    if expectation.verdict != "HEAD_MISSING" {
      #expect(try EqualityVerifier(input, edited).report().isEqual == true)
    }
    guard report.receipt != nil else {
      #expect(try contents(Self.path(name)) == contents(output))
      return
    }
    let editor = TieEditor(edited)
    let undone = try operation == "tie" ? editor.untie(to: back) : editor.tie(to: back)
    #expect(undone.restoredOriginal)
    #expect(try contents(back) == contents(Self.path(name)))
  }

  @Test func anEditBesideAnOlderReceiptCanBeUndone() throws {
    let folder = try TemporaryFolder()
    let (one, two, three) = (folder.path + "/1", folder.path + "/2", folder.path + "/3")
    _ = try TieEditor(try Checkpoint(opening: Self.path("llama-equal"))).tie(to: one)
    // Another tool has changed the header since, behind the receipt: it no longer counts.
    let old = try Checkpoint(opening: one).shards[0]
    let header = try #require(old.gguf)
    var metadata = header.metadata
    metadata["later"] = .uint32(1)
    let new = try GGUFHeaderWriter(
      metadata: metadata,
      tensors: header.tensors.map {
        GGUFHeaderWriter.Tensor(name: $0.name, extents: $0.extents, type: $0.type)
      }
    ).header()
    let data = try Data(contentsOf: URL(fileURLWithPath: one)).dropFirst(header.dataStart)
    try (Data(new.bytes) + data).write(to: URL(fileURLWithPath: one))
    let report = try TieEditor(try Checkpoint(opening: one)).untie(to: two)
    #expect(!report.restoredOriginal)
    #expect(report.tensorsAdded == [GGUFTie.headName])
    let keys = try Checkpoint(opening: two).shards[0].gguf?.metadata.entries.map(\.key) ?? []
    #expect(Array(keys.suffix(2)) == ["later", Receipt.metadataKey])
    #expect(try TieEditor(try Checkpoint(opening: two)).tie(to: three).restoredOriginal)
    #expect(try contents(three) == contents(one))
  }

  @Test func aSplitModelOpensFromAnyPart() throws {
    let folder = Self.path("split")
    let part = "\(folder)/m-00002-of-00003.gguf"
    let whole = try Checkpoint(opening: part)
    #expect(whole.shards.map(\.name) == (1...3).map { "m-0000\($0)-of-00003.gguf" })
    let output = try TemporaryFolder()
    let report = try TieEditor(whole).tie(to: output.path + "/out")
    #expect(report.tensorsDropped == ["output.weight"])
    let tied = try Checkpoint(opening: output.path + "/out/m-00003-of-00003.gguf")
    #expect(GGUFSplit.faults(tied).isEmpty)
    #expect(tied.shards[0].gguf?.metadata[GGUFSplit.tensorCountKey] == .int32(3))
    #expect(tied.shards[2].tensors.isEmpty)
  }

  @Test func aMissingPartIsSaid() throws {
    let folder = try TemporaryFolder()
    for number in [1, 3] {
      let name = "m-0000\(number)-of-00003.gguf"
      try FileManager.default.copyItem(
        atPath: "\(Self.path("split"))/\(name)", toPath: "\(folder.path)/\(name)")
    }
    let report = try Inspector(try Checkpoint(opening: folder.path)).report()
    #expect(report.verdict == .indexLie)
    #expect(report.problems.contains { $0.message.contains("m-00002-of-00003.gguf") })
  }

  @Test func oneSideMayBeKept() throws {
    let folder = try TemporaryFolder()
    for (name, isKept) in [("gemma2-different", true), ("olmo2-different", false)] {
      var options = EditOptions()
      options.keep = .head
      let editor = TieEditor(try Checkpoint(opening: Self.path(name)), options: options)
      let output = "\(folder.path)/\(name)"
      guard isKept else {
        #expect(throws: CheckpointError.self) { try editor.tie(to: output) }
        continue
      }
      _ = try editor.tie(to: output)
      let (before, after) = (
        try Checkpoint(opening: Self.path(name)), try Checkpoint(opening: output)
      )
      #expect(
        try after.bytes(of: GGUFTie.embeddingName) == before.bytes(of: GGUFTie.headName))
      #expect(after.locations[GGUFTie.headName] == nil)
    }
  }

  @Test func packedTablesAreComparedAsNumbers() throws {
    func main(_ name: String) throws -> TieGroup {
      try #require(try Inspector(try Checkpoint(opening: Self.path(name))).report().main)
    }
    #expect(try main("llama-equal-dequantized").comparison?.cast == .dequantized)
    #expect(try main("llama-equal-cast").comparison?.cast == .exact(.f32))
    let apart = try main("llama-packed-apart")
    #expect(apart.comparison?.differingRows.count == 16)
    #expect(try #require(apart.comparison?.relativeDifference) > 0.5)
  }

  @Test func aScaleThatIsNoNumberIsFound() throws {
    let folder = try TemporaryFolder()
    let path = Self.path("llama-packed-equal")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let checkpoint = try Checkpoint(opening: path)
    let (shard, info) = try #require(checkpoint.tensor(GGUFTie.embeddingName))
    // The scale of the third row's first block.
    let place = shard.fileRange(of: info).lowerBound + 2 * 8 * 34
    bytes.replaceSubrange(place..<place + 2, with: [0x00, 0x7E])
    try bytes.write(to: URL(fileURLWithPath: folder.path + "/nan.gguf"))
    let damaged = try Checkpoint(opening: folder.path + "/nan.gguf")
    let report = try IntegrityVerifier(damaged, checksFinite: true).report()
    #expect(report.differences.map(\.tensor) == [GGUFTie.embeddingName])
    #expect(report.differences.first?.reason.contains("row 2") == true)
    let whole = try IntegrityVerifier(checkpoint, checksFinite: true).report()
    #expect(whole.differences.isEmpty)
  }

  @Test func foreignByteOrderIsReadAsNumbers() throws {
    let big = try Checkpoint(opening: Self.path("llama-big-endian"))
    let little = try Checkpoint(opening: Self.path("llama-equal"))
    #expect(try IntegrityVerifier(big, checksFinite: true).report().differences.isEmpty)
    #expect(big.shards[0].gguf?.byteOrder == .big)
    #expect(big.ggufMetadata == little.ggufMetadata)
    #expect(try EqualityVerifier(big, little).report().isEqual == true)
  }
}
