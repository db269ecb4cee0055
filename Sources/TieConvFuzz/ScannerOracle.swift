// The JSON scanner against Foundation's reader: what one takes, the other takes for the same value.

import Foundation
import TieConv

/// Compares two readers on one text.
enum ScannerOracle {
  static func check(_ text: [UInt8]) throws {
    // Foundation guesses other encodings from a mark or from NULs, and skips the mark.
    if text.contains(0) || [0xEF, 0xFE, 0xFF].contains(text.first ?? 0) { return }
    let theirs = try? JSONSerialization.jsonObject(
      with: Data(text), options: [.fragmentsAllowed])
    switch Result(catching: { () throws(JSONSyntaxError) in try JSONNode.parse(text) }) {
    case .success(let ours):
      if let theirs { return try compare(ours, theirs) }
      // A number that no double holds is refused there; here its spelling is kept.
      if !hasVastNumber(ours) { throw Violation("reads what Foundation refuses") }
    case .failure(let error):
      // Foundation keeps one of two equal keys, follows nests further, and reads `[1,]`.
      let isTrailingComma =
        error.offset < text.count && [0x5D, 0x7D].contains(text[error.offset])
      if error.kind == .syntax, theirs != nil, !isTrailingComma {
        throw Violation("refuses what Foundation reads: \(error.message) at \(error.offset)")
      }
    }
  }

  private static func hasVastNumber(_ node: JSONNode) -> Bool {
    if case .number(let text) = node.value {
      // Beyond the range of a double, below its least number, or with more digits than it keeps.
      return text.utf8.count > 15 || text.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }
    }
    return (node.members ?? []).contains { hasVastNumber($0.node) }
      || (node.elements ?? []).contains { hasVastNumber($0) }
  }

  private static func compare(_ ours: JSONNode, _ theirs: Any) throws {
    switch ours.value {
    case .null: try expect(theirs is NSNull, "null")
    case .bool(let flag): try expect((theirs as? Bool) == flag, "a boolean")
    case .number(let text):
      let number = (theirs as? NSNumber)?.doubleValue
      try expect(text.utf8.count > 15 || number == Double(text), "the number \(text)")
    case .string(let text):
      try expect((theirs as? String).map { Array($0.utf8) == Array(text.utf8) } == true, "a string")
    case .array(let elements):
      let others = theirs as? [Any] ?? []
      try expect(others.count == elements.count && theirs is [Any], "an array")
      for (one, other) in zip(elements, others) { try compare(one, other) }
    case .object(let members):
      let others = theirs as? [String: Any] ?? [:]
      try expect(others.count == members.count && theirs is [String: Any], "an object")
      for member in members {
        guard let other = others[member.key] else { throw Violation("a key is missing") }
        try compare(member.node, other)
      }
    }
  }

  private static func expect(_ isRight: Bool, _ what: String) throws {
    if !isRight { throw Violation("Foundation reads \(what) otherwise") }
  }
}
