// Laws of the one reader of tokenizer.json.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct TokenizerJSONTests {
  private static func bytes(_ name: String) throws -> [UInt8] {
    let file = try InputFile("\(Testdata.root)/conversion/\(name)/tokenizer.json")
    return try file.bytes(in: 0..<file.size)
  }

  private static func read(_ text: String) throws -> TokenizerJSON {
    try TokenizerJSON(Array(text.utf8))
  }

  @Test(arguments: ["byte-level", "unigram", "pairs"])
  func aCutFileIsRefused(name: String) throws {
    let bytes = try Self.bytes(name)
    let end = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
    _ = try TokenizerJSON(bytes)
    for count in 0..<end {
      #expect(throws: JSONSyntaxError.self) { try TokenizerJSON(Array(bytes[..<count])) }
    }
  }

  @Test(arguments: ["byte-level", "unigram", "pairs"])
  func aFlippedBitIsReadOrRefused(name: String) throws {
    var bytes = try Self.bytes(name)
    for place in stride(from: 0, to: bytes.count, by: 3) {
      let bit = UInt8(1) << UInt8(place % 8)
      bytes[place] ^= bit
      if let file = try? TokenizerJSON(bytes) {
        #expect(file.ids.isEmpty || file.ids.count == file.tokens.count || !file.scores.isEmpty)
        let areFinite = file.scores.allSatisfy { $0.isFinite }
        #expect(areFinite)
      }
      _ = try? TokenizerJSON(bytes, extent: .ids)
      bytes[place] ^= bit
    }
  }

  @Test(arguments: ["byte-level", "unigram", "pairs"])
  func idsAloneAreThoseOfTheWhole(name: String) throws {
    let bytes = try Self.bytes(name)
    let (whole, ids) = (try TokenizerJSON(bytes), try TokenizerJSON(bytes, extent: .ids))
    #expect(ids.greatestID == whole.greatestID && ids.tokens.count == 0)
    #expect(
      ids.root["added_tokens"]?.elements?.count == whole.root["added_tokens"]?.elements?.count)
    let summary = try #require(TokenizerSummary(tokenizerJSON: bytes))
    let definition = try TokenizerDefinition(text: bytes, path: name)
    #expect(summary.size == definition.size)
  }

  @Test func mergesAreReadInBothSpellings() throws {
    let file = try Self.read(
      ##"{"model":{"vocab":{"a":0,"b":1},"merges":["##
        + ##""#version: 0.2","a b",["a b","c"],["é","\ud83d\ude00"]]}}"##)
    #expect(
      (0..<file.merges.count).map { String(decoding: file.merges[$0], as: UTF8.self) }
        == ["a", "b", "a b", "c", "é", "😀"])
    #expect(file.modelType == "BPE")
  }

  @Test(arguments: [
    #"{"model":{"vocab":{"a":4294967296}}}"#, #"{"model":{"vocab":{"a":-1}}}"#,
    #"{"model":{"vocab":{"a":1.5}}}"#, #"{"model":{"vocab":[["a",1e999]]}}"#,
    #"{"model":{"vocab":[["a"]]}}"#, #"{"model":{"merges":["a b c"]}}"#,
    #"{"model":{"merges":["ab"]}}"#, #"{"model":{"merges":[["a","b","c"]]}}"#,
    #"{"model":[]}"#, #"{"model":{}} x"#, #"{"model":{},"model":{}}"#, "[]", "",
  ])
  func whatIsNoTokenizerIsRefused(text: String) {
    #expect(throws: JSONSyntaxError.self) { try Self.read(text) }
  }

  @Test func bytesThatAreNoTextAreRefused() {
    #expect(throws: JSONSyntaxError.self) { try TokenizerJSON(Array("{\"a\":\"".utf8) + [0xFF]) }
  }

  @Test func aGreatestIDBeyondBeliefIsRefusedByConversionsAlone() throws {
    let text = Array(#"{"model":{"type":"BPE","vocab":{"a":16777216},"merges":[]}}"#.utf8)
    #expect(try TokenizerJSON(text).greatestID == 1 << 24)
    #expect(throws: CheckpointError.self) { try TokenizerDefinition(text: text, path: "t") }
    let added = Array(
      #"{"model":{"vocab":{}},"added_tokens":[{"id":9223372036854775807,"content":"x"}]}"#.utf8)
    #expect(throws: CheckpointError.self) { try TokenizerDefinition(text: added, path: "t") }
  }
}
