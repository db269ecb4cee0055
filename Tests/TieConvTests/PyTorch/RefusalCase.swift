// A PyTorch file that is wrong in one way, and the one error for it.

import Testing

@testable import TieConv

/// A file, its error's code, and words that its message must have.
struct RefusalCase: CustomTestStringConvertible, Sendable {
  let name: String
  let code: CheckpointError.Code
  let words: String
  let bytes: [UInt8]
  var testDescription: String { name }

  init(_ name: String, _ code: CheckpointError.Code, _ words: String, _ bytes: [UInt8]) {
    self.name = name
    self.code = code
    self.words = words
    self.bytes = bytes
  }

  /// Expects that opening the file throws this error.
  func expectError(sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
      try TorchFiles.open(bytes)
    }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(
      error?.message.contains(words) == true, "\(error?.message ?? "")",
      sourceLocation: sourceLocation)
  }
}
