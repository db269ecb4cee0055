// Damage that keeps JSON mostly JSON: numbers at their limits, records lost, doubled and swapped,
// values out of other files, deep nests.

import TieConv

/// Mutations of JSON texts.
struct JSONMutator {
  /// Texts whose values get spliced in.
  let donors: [[UInt8]]

  func mutate(_ text: inout [UInt8], _ random: inout RandomSource) {
    guard !random.once(in: 8), let root = try? JSONNode.parse(text, allowsNonFinite: true) else {
      return ByteMutator.mutate(&text, &random)
    }
    var spots = Spots()
    spots.collect(root)
    switch random.below(10) {
    case 0, 1: number(spots, &text, &random)
    case 2: replace(random.pick(spots.nodes).range, random.pick(Self.values(&random)), &text)
    case 3: replace(random.pick(spots.nodes).range, donation(&random), &text)
    case 4: remove(spots, &text, &random)
    case 5: duplicate(spots, &text, &random)
    case 6: swap(spots, &text, &random)
    case 7: rename(spots, &text, &random)
    case 8: string(spots, &text, &random)
    default: wrap(random.pick(spots.nodes).range, &text, &random)
    }
  }

  /// Where the values and records of a text stand.
  private struct Spots {
    var nodes: [JSONNode] = []
    var records: [Range<Int>] = []
    var keys: [Range<Int>] = []

    mutating func collect(_ node: JSONNode) {
      nodes.append(node)
      for member in node.members ?? [] {
        keys.append(member.keyRange)
        records.append(member.keyRange.lowerBound..<member.node.range.upperBound)
        collect(member.node)
      }
      for element in node.elements ?? [] {
        records.append(element.range)
        collect(element)
      }
    }
  }

  private func replace(_ range: Range<Int>, _ value: String, _ text: inout [UInt8]) {
    text.replaceSubrange(range, with: value.utf8)
  }

  private func number(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    let numbers = spots.nodes.filter { if case .number = $0.value { true } else { false } }
    guard !numbers.isEmpty else { return ByteMutator.mutate(&text, &random) }
    let node = random.pick(numbers)
    var choices = [random.pick(Vocabulary.numbers)]
    if let old = node.integer {
      choices += [old &+ 1, old &- 1, old &* 2, old / 2, old &+ 8].map { String($0) }
    }
    replace(node.range, random.pick(choices), &text)
  }

  private func remove(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    guard !spots.records.isEmpty else { return }
    var range = random.pick(spots.records)
    // With its comma, mostly: what is left is still JSON.
    if !random.once(in: 8) {
      let comma = UInt8(ascii: ",")
      if let next = text[range.upperBound...].prefix(3).firstIndex(of: comma) {
        range = range.lowerBound..<next + 1
      } else if let last = text[..<range.lowerBound].suffix(3).lastIndex(of: comma) {
        range = last..<range.upperBound
      }
    }
    text.removeSubrange(range)
  }

  private func duplicate(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    guard !spots.records.isEmpty else { return }
    let record = Array(text[random.pick(spots.records)])
    let place = random.once(in: 2) ? random.pick(spots.records).lowerBound : nil
    let times = random.once(in: 16) ? 500 : 1
    let at = place ?? random.pick(spots.records).lowerBound
    for _ in 0..<times { text.insert(contentsOf: record + [UInt8(ascii: ",")], at: at) }
  }

  private func swap(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    let choices = random.once(in: 2) ? spots.records : spots.nodes.map(\.range)
    guard choices.count > 1 else { return }
    var (first, second) = (random.pick(choices), random.pick(choices))
    if first.lowerBound > second.lowerBound { (first, second) = (second, first) }
    guard first.upperBound <= second.lowerBound else { return }
    let (one, other) = (Array(text[first]), Array(text[second]))
    text.replaceSubrange(second, with: one)
    text.replaceSubrange(first, with: other)
  }

  private func rename(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    guard !spots.keys.isEmpty else { return }
    let words = random.once(in: 2) ? Vocabulary.tensors : Vocabulary.keys
    let word =
      random.once(in: 3)
      ? String(decoding: text[random.pick(spots.keys)], as: UTF8.self)
      : JSONText.quoted(random.pick(words))
    replace(random.pick(spots.keys), word, &text)
  }

  private func string(_ spots: Spots, _ text: inout [UInt8], _ random: inout RandomSource) {
    let strings = spots.nodes.filter { $0.string != nil }
    guard !strings.isEmpty else { return }
    let word =
      random.once(in: 2)
      ? String(decoding: text[random.pick(strings).range], as: UTF8.self)
      : JSONText.quoted(random.pick(Vocabulary.strings))
    replace(random.pick(strings).range, word, &text)
  }

  private func wrap(_ range: Range<Int>, _ text: inout [UInt8], _ random: inout RandomSource) {
    let levels = random.pick([1, 2, 100, 124, 125, 126, 127, 128, 200, 5000, 100_000])
    let (open, close) = random.once(in: 2) ? ("[", "]") : ("{\"a\":", "}")
    text.insert(contentsOf: String(repeating: close, count: levels).utf8, at: range.upperBound)
    text.insert(contentsOf: String(repeating: open, count: levels).utf8, at: range.lowerBound)
  }

  private func donation(_ random: inout RandomSource) -> String {
    guard !donors.isEmpty else { return "null" }
    let donor = random.pick(donors)
    guard let root = try? JSONNode.parse(donor, allowsNonFinite: true) else { return "{}" }
    var spots = Spots()
    spots.collect(root)
    return String(decoding: donor[random.pick(spots.nodes).range], as: UTF8.self)
  }

  /// Values of every JSON type.
  private static func values(_ random: inout RandomSource) -> [String] {
    [
      "null", "true", "false", "[]", "{}", "\"\"", random.pick(Vocabulary.numbers),
      JSONText.quoted(random.pick(Vocabulary.strings)), "[null]", "{\"\":0}", "[[],[]]",
      "[\(random.pick(Vocabulary.numbers)),\(random.pick(Vocabulary.numbers))]", "\"\\ud800\"",
      "\"\\u0000\"", "tru", "",
    ]
  }
}
