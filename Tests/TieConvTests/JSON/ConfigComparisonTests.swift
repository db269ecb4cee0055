// Laws of comparing configs: what is computed counts, spelling does not.

import Testing

@testable import TieConv

@Suite struct ConfigComparisonTests {
  private static func check(_ one: String, _ other: String) throws -> VerifyReport.Check? {
    func config(_ text: String) throws -> ModelConfig {
      try ModelConfig(path: "config.json", text: Array(text.utf8))
    }
    return ConfigComparison(try config(one), try config(other)).check
  }

  @Test(arguments: [
    (#"{"eps": 1e-05}"#, #"{"eps": 0.00001}"#),
    // What is left of it in F32, as GGUF keeps it.
    (#"{"eps": 1e-05}"#, #"{"eps": 9.999999747378752e-06}"#),
    (#"{"a": 1, "b": [1, {"c": 2}]}"#, #"{"b": [1.0, {"c": 2}], "a": 1}"#),
    (#"{"x": {"y": true}}"#, #"{ "x" : { "y" : true } }"#),
    (#"{"tie_word_embeddings": true}"#, #"{"tie_word_embeddings": false}"#),
    (#"{"text_config": {"dtype": "float32"}}"#, #"{"text_config": {"dtype": "bfloat16"}}"#),
    (#"{"attention_dropout": 0.1, "resid_pdrop": 0.1}"#, #"{"attention_dropout": 0.0}"#),
    (#"{"cap": null}"#, "{}"), (#"{"x": NaN}"#, #"{"x": NaN}"#),
  ])
  func `spelling, order and what computes nothing are passed over`(
    one: String, other: String
  ) throws {
    #expect(try Self.check(one, other) == nil)
    #expect(try Self.check(other, one) == nil)
  }

  @Test(arguments: [
    (#"{"eps": 1e-05}"#, #"{"eps": 1.1e-05}"#, "eps"),
    (#"{"n": 16777216}"#, #"{"n": 16777217}"#, "n"),
    (#"{"act": "silu"}"#, #"{"act": "gelu"}"#, "act"),
    (#"{"a": {"b": {"c": 1}}}"#, #"{"a": {"b": {"c": 2}}}"#, "a.b.c"),
    (#"{"a": {"b": 1}}"#, #"{"a": [1]}"#, "a"), (#"{"a": [1, 2]}"#, #"{"a": [2, 1]}"#, "a"),
    (#"{"a": true}"#, #"{"a": 1}"#, "a"),
  ])
  func `another value is a difference that names its field`(
    one: String, other: String, field: String
  ) throws {
    for found in [try Self.check(one, other), try Self.check(other, one)] {
      let check = try #require(found)
      #expect(!check.passed && check.message.hasPrefix("\(field) is "))
    }
  }

  @Test func `what one side alone states is said and is no failure`() throws {
    let check = try #require(try Self.check(#"{"cap": 30.0, "a": 1}"#, #"{"a": 1, "z": 2}"#))
    #expect(check.passed && check.message.hasPrefix("only one states cap, z,"))
  }

  @Test func `a hostile config is compared in its own size`() throws {
    // Paths spelled out for every field would take a terabyte.
    let key = String(repeating: "k", count: 1 << 20)
    func config(_ value: Int) -> String {
      let fields = (0..<100_000).map { "\"\($0)\":\(value)" }.joined(separator: ",")
      return "{\"\(key)\":{\(fields)}}"
    }
    let check = try #require(try Self.check(config(1), config(2)))
    #expect(!check.passed && check.message.hasSuffix("and 99994 more"))
    #expect(check.message.utf8.count < 1000)
    let text = String(repeating: "x", count: 1 << 20)
    let long = try #require(try Self.check(#"{"a": "\#(text)"}"#, #"{"a": "y"}"#))
    #expect(long.message.utf8.count < 200)
  }
}
