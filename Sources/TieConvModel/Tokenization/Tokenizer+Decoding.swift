// Ids to text.

public import TieConv

extension Tokenizer {
  /// The text that `ids` stand for.
  ///
  /// - Parameters:
  ///   - ids: ids of this vocabulary; ones that it does not have are left out.
  ///   - skipSpecial: whether special tokens are left out.
  /// - Returns: the text; bytes that are not UTF-8 become U+FFFD.
  /// - Throws: `unsupportedFormat` where the tokenizer names a decoder that this version does not
  ///   know.
  public func decode(
    _ ids: [Int32], skipSpecial: Bool = false
  ) throws(CheckpointError) -> String {
    var tokens = ids.compactMap { id -> [UInt8]? in
      if let token = added[id] { return skipSpecial && token.isSpecial ? nil : token.content }
      guard let bytes = model.table.bytes(Int(id)) else { return nil }
      return Array(bytes)
    }
    guard let decoders else {
      return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
    }
    if model.isByteLevel {
      // The vocabulary holds bytes already, so only added tokens have yet to be read.
      tokens = zip(ids.filter { has($0, skipSpecial) }, tokens).map { id, token in
        added[id] == nil ? token : ByteAlphabet.decoded(token[...]) ?? token
      }
    }
    for decoder in decoders {
      if model.isByteLevel, case .byteLevel = decoder { continue }
      guard let next = decoder.apply(tokens) else {
        throw CheckpointError(
          .unsupportedFormat, file: source, "a decoder that this version does not know")
      }
      tokens = next
    }
    return String(decoding: Array(tokens.joined()), as: UTF8.self)
  }

  private func has(_ id: Int32, _ skipSpecial: Bool) -> Bool {
    if let token = added[id] { return !(skipSpecial && token.isSpecial) }
    return model.table.bytes(Int(id)) != nil
  }
}
