// What tokenize says in words.

internal import TieConvModel

extension TokenizeReport {
  /// The ids, one a line; where they went into a file, how many there are.
  func text(_ destination: String?) -> String {
    guard let destination else { return ids.map { "\($0)\n" }.joined() }
    let bytesPerToken = ids.isEmpty ? 0 : Double(bytes) / Double(ids.count)
    let tenths = Int((bytesPerToken * 10).rounded())
    return "\(destination): \(ids.count) tokens of \(bytes) bytes "
      + "(\(tenths / 10).\(tenths % 10) bytes a token)\n"
  }
}
