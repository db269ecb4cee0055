// Output appears whole or not at all; links that leave a folder are not followed.

import Foundation
import Testing

@testable import TieConvIO

@Suite struct StagingTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "tieconv-io-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func names() throws -> [String] { try FileSystem.names(in: folder) }

  private func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("a commit puts the output in place and leaves nothing else") func commit() throws {
    let staged = try StagedOutput(destination: folder + "/out", existing: .refuse)
    #expect(try !names().contains("out"))
    try write("new", staged.path)
    try staged.commit()
    #expect(try names() == ["out"] && text(folder + "/out") == "new")
  }

  @Test("what exists is refused, or exchanged whole") func existing() throws {
    try write("old", folder + "/out")
    #expect(throws: IOFailure.self) {
      try StagedOutput(destination: folder + "/out", existing: .refuse)
    }
    let staged = try StagedOutput(destination: folder + "/out", existing: .replace)
    try write("new", staged.path)
    #expect(try text(folder + "/out") == "old")
    try staged.commit()
    #expect(try names() == ["out"] && text(folder + "/out") == "new")
  }

  @Test("an output that comes up meanwhile is not replaced") func race() throws {
    let staged = try StagedOutput(destination: folder + "/out", existing: .refuse)
    try write("new", staged.path)
    try write("other", folder + "/out")
    #expect(throws: IOFailure.self) { try staged.commit() }
    staged.discard()
    #expect(try names() == ["out"] && text(folder + "/out") == "other")
  }

  @Test("what a dead run left is removed, what a live one has is not") func abandoned() throws {
    try FileSystem.makeDirectory(folder + "/.out.tieconv-dead.partial")
    try write("x", folder + "/.out.tieconv-dead.partial/out")
    let live = try StagedOutput(destination: folder + "/out", existing: .refuse)
    #expect(try names().count == 1)
    let second = try StagedOutput(destination: folder + "/out", existing: .refuse)
    #expect(try names().count == 2)
    live.discard()
    second.discard()
    #expect(try names().isEmpty)
  }

  @Test("links inside a folder are followed, links out of it refused") func links() throws {
    let model = folder + "/model"
    try FileSystem.makeDirectory(model)
    try write("a", model + "/a")
    try write("secret", folder + "/secret")
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: model + "/b", withDestinationPath: "a")
    #expect(try FileSystem.entries(below: model).map(\.relativePath) == ["a", "b"])
    try manager.createSymbolicLink(atPath: model + "/c", withDestinationPath: "../secret")
    #expect {
      try FileSystem.entries(below: model)
    } throws: {
      ($0 as? IOFailure)?.reason == .unsafePath
    }
  }

  @Test("a hub cache's links into its blobs are followed") func hubCache() throws {
    let snapshot = folder + "/models--a--b/snapshots/0123"
    try FileManager.default.createDirectory(
      atPath: snapshot, withIntermediateDirectories: true)
    try FileSystem.makeDirectory(folder + "/models--a--b/blobs")
    try write("weights", folder + "/models--a--b/blobs/beef")
    try FileManager.default.createSymbolicLink(
      atPath: snapshot + "/model.safetensors", withDestinationPath: "../../blobs/beef")
    #expect(try FileSystem.entries(below: snapshot).map(\.size) == [7])
  }

  @Test(
    "kernel copies and copies through memory give the same bytes", arguments: [0, 1, 4097, 3 << 20])
  func copies(_ count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/in"))
    let source = try InputFile(folder + "/in")
    let target = try OutputFile(creating: folder + "/copy")
    try RangeCopy(from: source, to: target).copy(0..<count, to: 5)
    let copy = try InputFile(folder + "/copy")
    #expect(count == 0 || copy.size == count + 5)
    let copied = count == 0 ? [] : try copy.bytes(in: 5..<count + 5)
    #expect(copied == bytes)
  }

  @Test("reading past the end, or a file that changed, is an error") func changes() throws {
    try write("12345678", folder + "/in")
    let file = try InputFile(folder + "/in")
    try file.checkUnchanged()
    try write("123", folder + "/other")
    #expect(throws: IOFailure.self) { try file.bytes(in: 4..<12) }
    let handle = try #require(FileHandle(forWritingAtPath: folder + "/in"))
    try handle.truncate(atOffset: 4)
    #expect(throws: IOFailure.self) { try file.checkUnchanged() }
  }
}
