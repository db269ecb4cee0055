// Changes to a JSON text that leave every other byte as it is.

/// A list of replacements in one text, none overlapping another.
struct JSONEdit: Sendable {
  private var replacements: [(range: Range<Int>, text: String)] = []

  var isEmpty: Bool { replacements.isEmpty }

  /// Puts `text` in the place of `range`.
  mutating func replace(_ range: Range<Int>, with text: String) {
    replacements.append((range, text))
  }

  /// Takes the members whose key `isRemoved` accepts out of an object, with the commas and white
  /// space that part them from their neighbours.
  mutating func removeMembers(of members: [JSONMember], where isRemoved: (String) -> Bool) {
    guard let head = members.first, let tail = members.last else { return }
    let kept = members.filter { !isRemoved($0.key) }
    guard kept.count < members.count else { return }
    guard let firstKept = kept.first, let lastKept = kept.last else {
      return replace(head.keyRange.lowerBound..<tail.node.range.upperBound, with: "")
    }
    cut(head.keyRange.lowerBound..<firstKept.keyRange.lowerBound)
    cut(lastKept.node.range.upperBound..<tail.node.range.upperBound)
    // Between two that stay, the first one's separator stays and all behind it goes.
    var lastRemovedEnd: Int?
    var previousEnd = firstKept.node.range.upperBound
    for member in members where member.keyRange.lowerBound > firstKept.keyRange.lowerBound {
      if isRemoved(member.key) {
        lastRemovedEnd = member.node.range.upperBound
      } else {
        if let end = lastRemovedEnd { cut(previousEnd..<end) }
        lastRemovedEnd = nil
        previousEnd = member.node.range.upperBound
      }
    }
  }

  private mutating func cut(_ range: Range<Int>) {
    if !range.isEmpty { replace(range, with: "") }
  }

  /// Adds `key` with the spelled `value` to `object`, laid out as its other members are, and at
  /// its place in the alphabet where they are sorted, else at the end.
  mutating func insert(_ key: String, _ value: String, into object: JSONNode, of bytes: [UInt8]) {
    guard let members = object.members else { return }
    let spelled = JSONText.quoted(key)
    guard let first = members.first, let last = members.last else {
      return replace(object.range, with: "{\(spelled): \(value)}")
    }
    let colon = first.keyRange.upperBound..<first.node.range.lowerBound
    let entry = spelled + String(decoding: bytes[colon], as: UTF8.self) + value
    let keys = members.map(\.key)
    let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0.utf8Precedes($1) }
    if isSorted, let next = members.first(where: { key.utf8Precedes($0.key) }) {
      let gap = Self.separator(of: members, in: object, bytes)
      let place = next.keyRange.lowerBound
      replace(place..<place, with: entry + gap)
    } else {
      let gap = Self.separator(of: members, in: object, bytes)
      let place = last.node.range.upperBound
      replace(place..<place, with: gap + entry)
    }
  }

  /// The comma and white space between two members.
  private static func separator(
    of members: [JSONMember], in object: JSONNode, _ bytes: [UInt8]
  ) -> String {
    if members.count > 1 {
      let range = members[0].node.range.upperBound..<members[1].keyRange.lowerBound
      return String(decoding: bytes[range], as: UTF8.self)
    }
    let lead = (object.range.lowerBound + 1)..<members[0].keyRange.lowerBound
    return "," + String(decoding: bytes[lead], as: UTF8.self)
  }

  /// `bytes` with the replacements made.
  func applied(to bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = 0
    // A stable sort: insertions at one place stay in the order in which they were asked for, and
    // come before what is replaced or removed there.
    let ordered = replacements.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for (range, text) in ordered {
      result.append(contentsOf: bytes[place..<range.lowerBound])
      result.append(contentsOf: text.utf8)
      place = range.upperBound
    }
    result.append(contentsOf: bytes[place...])
    return result
  }
}

extension String {
  /// Order by UTF-8 bytes, which is what Python's `sort_keys` does for all it writes unescaped.
  func utf8Precedes(_ other: String) -> Bool {
    utf8.lexicographicallyPrecedes(other.utf8)
  }
}
