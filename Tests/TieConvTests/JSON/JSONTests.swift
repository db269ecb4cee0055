// The scanner's grammar, and edits that leave every other byte alone.

import Testing

@testable import TieConv

@Suite struct JSONTests {
  @Test(
    "what RFC 8259 refuses is refused",
    arguments: [
      "", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "01", "1.", ".5", "+1", "-", "1e", "NaN", "tru",
      "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\u{1}\"", "\"a", "{\"a\" 1}", "{\"a\":1 \"b\":2}",
      "{1:2}", "[1 2]", "1 2", "\u{FEFF}{}", "/**/1", "{\"a\":1,\"a\":2}",
      "{\"a\":1,\"\\u0061\":2}",
    ])
  func refuses(_ text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONNode.parse(Array(text.utf8)) }
  }

  @Test(
    "what RFC 8259 allows is read",
    arguments: [
      "{}", " [ ] ", "null", "true", "-0", "1.0e+10", "\"\\u00e9\\ud83d\\ude00\\n\"", "[[[[]]]]",
      "{\"a\":{\"b\":[1,2,{\"c\":null}]}}", "\t\r\n1 ",
    ])
  func accepts(_ text: String) throws {
    _ = try JSONNode.parse(Array(text.utf8))
  }

  @Test("bytes that are not UTF-8 are named by their offset")
  func encoding() {
    #expect {
      try JSONNode.parse([0x22, 0x61, 0xC0, 0x80, 0x22])
    } throws: {
      ($0 as? JSONSyntaxError)?.kind == .encoding && ($0 as? JSONSyntaxError)?.offset == 2
    }
  }

  @Test("nesting stops at the limit", arguments: [(127, true), (128, false), (100_000, false)])
  func depth(_ levels: Int, _ isFine: Bool) {
    let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    let node = try? JSONNode.parse(Array(text.utf8))
    #expect((node != nil) == isFine)
  }

  @Test("numbers keep their spelling; Python's words count only where they are allowed")
  func numbers() throws {
    let text = Array("{\"a\": 1000000.0, \"b\": Infinity}".utf8)
    #expect(throws: JSONSyntaxError.self) { try JSONNode.parse(text) }
    let node = try JSONNode.parse(text, allowsNonFinite: true)
    #expect(node["a"]?.value == .number("1000000.0"))
    #expect(node["b"]?.double == .infinity)
  }

  /// Objects in the layouts that writers use, with `count` members.
  private func object(_ keys: [String], _ layout: Int) -> String {
    let members = keys.enumerated().map { "\"\($1)\"\(layout == 0 ? ":" : ": ")\($0)" }
    switch layout {
    case 0: return "{" + members.joined(separator: ",") + "}"
    case 1: return "{" + members.joined(separator: ", ") + "}"
    case 2: return "{\n  " + members.joined(separator: ",\n  ") + "\n}\n"
    default: return "{\r\n\t" + members.joined(separator: ",\r\n\t") + "\r\n}"
    }
  }

  @Test("removing members leaves what a writer would have written without them", arguments: 0..<4)
  func removal(_ layout: Int) throws {
    let keys = ["a", "b", "c", "d", "e"]
    for mask in 0..<(1 << keys.count) where mask != (1 << keys.count) - 1 {
      let removed = Set(keys.indices.filter { mask >> $0 & 1 == 1 }.map { keys[$0] })
      let text = Array(object(keys, layout).utf8)
      let tree = try JSONNode.parse(text)
      let members = try #require(tree.members)
      var edit = JSONEdit()
      edit.removeMembers(of: members) { removed.contains($0) }
      let expected = try JSONNode.parse(Array(object(keys, layout).utf8)).members?
        .filter { !removed.contains($0.key) }.map { ($0.key, $0.node.integer) }
      let result = edit.applied(to: text)
      let found = try JSONNode.parse(result).members?.map { ($0.key, $0.node.integer) }
      #expect(found?.map(\.0) == expected?.map(\.0) && found?.map(\.1) == expected?.map(\.1))
      let separators = result.count { $0 == UInt8(ascii: ",") }
      #expect(separators == max(0, keys.count - removed.count - 1))
    }
  }

  @Test("inserting and removing a member gives the text back", arguments: 0..<4, ["Z", "bb", "x"])
  func insertion(_ layout: Int, _ key: String) throws {
    let text = Array(object(["a", "b", "c"], layout).utf8)
    var edit = JSONEdit()
    edit.insert(key, "true", into: try JSONNode.parse(text), of: text)
    let inserted = edit.applied(to: text)
    let node = try JSONNode.parse(inserted)
    #expect(node[key]?.bool == true)
    let keys = try #require(node.members).map(\.key)
    #expect(keys == keys.sorted { $0.utf8Precedes($1) })
    var removal = JSONEdit()
    let members = try #require(node.members)
    removal.removeMembers(of: members) { $0 == key }
    #expect(removal.applied(to: inserted) == text)
  }

  @Test("names that would act on a terminal are escaped and read back")
  func escaping() throws {
    let name = "a\u{1B}[31m\"\\\n\u{202E}\u{7F}é😀"
    let quoted = JSONText.quoted(name)
    #expect(!quoted.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
    #expect(try JSONNode.parse(Array(quoted.utf8)).string == name)
    #expect(!TextSafety.escaped(name).unicodeScalars.contains { $0.value < 0x20 })
  }
}
