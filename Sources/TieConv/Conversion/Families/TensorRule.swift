// How one kind of tensor is called, and laid out, in the two worlds.

/// One line of a family's table: a module in Hugging Face's names and in GGUF's, `#` for the block.
struct TensorRule: Sendable, Equatable {
  /// What is done to the values on the way to GGUF.
  enum Change: Sendable, Equatable {
    /// Heads' rotary halves interleaved, as many heads as there are queries, or keys.
    case rotaryQuery, rotaryKey
    /// Rows parted by query, key and value instead of by head.
    case partedByKind
    /// A Conv1D's weight (in × out) becomes a linear layer's (out × in).
    case transposed
    /// Norms that multiply by 1 + w store 1 + w.
    case plusOne
  }

  let huggingFace: String
  let gguf: String
  let change: Change?

  init(_ huggingFace: String, _ gguf: String, _ change: Change? = nil) {
    self.huggingFace = huggingFace
    self.gguf = gguf
    self.change = change
  }

  /// The block number in `module`, where it is `pattern` with a number for `#`; -1 where the
  /// pattern has none; nil where it is another module.
  static func block(of module: Substring, in pattern: String) -> Int? {
    guard let hash = pattern.firstIndex(of: "#") else { return module == pattern ? -1 : nil }
    let head = pattern[..<hash]
    let tail = pattern[pattern.index(after: hash)...]
    guard module.utf8.count > head.utf8.count + tail.utf8.count, module.hasPrefix(head),
      module.hasSuffix(tail)
    else { return nil }
    let digits = module.dropFirst(head.count).dropLast(tail.count)
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let block = Int(digits),
      String(block) == digits
    else { return nil }
    return block
  }

  /// `pattern` with the block number filled in.
  static func filled(_ pattern: String, _ block: Int) -> String {
    guard let hash = pattern.firstIndex(of: "#") else { return pattern }
    return pattern[..<hash] + String(block) + pattern[pattern.index(after: hash)...]
  }
}
