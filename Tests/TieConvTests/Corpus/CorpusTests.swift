// The corpora of valid and malformed files, each malformed one bound to one error code.

import Foundation
import Testing

@testable import TieConv

@Suite struct CorpusTests {
  /// Every malformed case, with the code that its folder names.
  static let malformed = Testdata.names(in: "invalid").flatMap { code in
    Testdata.names(in: "invalid/\(code)").map { "\(code)/\($0)" }
  }

  static let valid = Testdata.names(in: "valid").filter { !$0.hasSuffix(".json") }

  @Test("the corpora are there") func corporaExist() {
    #expect(Self.malformed.count > 200)
    #expect(Self.valid.count > 20)
  }

  @Test("each malformed file gives its folder's error", arguments: malformed)
  func refuses(_ path: String) throws {
    let code = path.prefix { $0 != "/" }
    #expect {
      let checkpoint = try Checkpoint(opening: "\(Testdata.root)/invalid/\(path)")
      _ = try IntegrityVerifier(checkpoint).report()
    } throws: { error in
      (error as? CheckpointError)?.code.rawValue == String(code)
    }
  }

  @Test("each odd but valid file is accepted", arguments: valid)
  func accepts(_ path: String) throws {
    let checkpoint = try Checkpoint(opening: "\(Testdata.root)/valid/\(path)")
    #expect(try IntegrityVerifier(checkpoint, checksFinite: true).report().checks.count >= 2)
  }

  @Test("a valid file cut short at any length is an error")
  func truncations() throws {
    let bytes = try Data(
      contentsOf: URL(
        fileURLWithPath: "\(Testdata.root)/verdicts/UNTIED_EQUAL/model.safetensors"))
    let folder = try TemporaryFolder()
    for length in 0..<bytes.count {
      let path = folder.path + "/cut.safetensors"
      try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: CheckpointError.self) { try Checkpoint(opening: path) }
    }
  }

  @Test("a flipped byte in the header is an error, or another valid header", arguments: 0..<4)
  func flips(_ seed: Int) throws {
    let source = "\(Testdata.root)/verdicts/UNTIED_EQUAL/model.safetensors"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: source))
    let header = 8 + Int(bytes[0]) + Int(bytes[1]) << 8
    var random = SeededRandom(seed: UInt64(seed))
    let folder = try TemporaryFolder()
    for _ in 0..<300 {
      var damaged = bytes
      damaged[Int(random.next() % UInt64(header))] ^= UInt8(1 + random.next() % 255)
      let path = folder.path + "/flip.safetensors"
      try damaged.write(to: URL(fileURLWithPath: path))
      // A name may change and stay valid; nothing may trap.
      if let checkpoint = try? Checkpoint(opening: path) {
        #expect(checkpoint.storedBytes == bytes.count - header)
      }
    }
  }
}
