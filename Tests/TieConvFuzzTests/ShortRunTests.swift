// The first cases of a fixed seed, every time: a parser that starts to trap does not wait for
// `make fuzz`.

import Foundation
import Testing

@Suite struct ShortRunTests {
  /// The folder that holds what was built, the running test included.
  private static let products =
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func mutatedInputsGiveAnAnswerOrAnErrorAndNeverATrap() throws {
    let process = Process()
    process.executableURL = Self.products.appending(path: "tieconv-fuzz")
    process.arguments = [
      "--seed", "1", "--cases", "1200", "--limit", "20",
      "--testdata", Self.root.appending(path: "testdata").path,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(words)")
    #expect(words.contains("1200 executions"), "\(words)")
  }
}
