// Split GGUF files: one model in numbered parts, told apart by name and by three keys.

internal import TieConvIO

/// What the parts of a split model say of themselves.
struct GGUFSplit: Sendable {
  /// The key that holds a part's number, from 0.
  static let numberKey = "split.no"
  /// The key that holds the number of parts.
  static let countKey = "split.count"
  /// The key that holds the number of tensors in all parts.
  static let tensorCountKey = "split.tensors.count"

  /// The parts' names, in order, as the name of one of them and its keys say; nil where `shard` is
  /// no part, or its name is not that of one.
  static func partNames(of shard: Shard) -> [String]? {
    guard let count = shard.gguf?.metadata[countKey]?.integer, (2...65535).contains(count),
      let name = ShardName(shard.name), name.count == count, shard.name.hasSuffix(".gguf")
    else { return nil }
    return (1...count).map { name.renumbered($0, of: count) }
  }

  /// Every way in which the parts contradict each other: llama.cpp refuses such a model.
  static func faults(_ checkpoint: Checkpoint) -> [String] {
    let headers = checkpoint.shards.compactMap { shard in shard.gguf.map { (shard.name, $0) } }
    let stated = headers.compactMap { $1.metadata[countKey]?.integer }
    guard let count = stated.max(), count > 1 else { return [] }
    var faults: [String] = []
    let found = headers.count + checkpoint.missingShards.count
    if Set(stated).count > 1 || stated.count < headers.count || count != found {
      faults.append(
        "\(countKey) says \(Set(stated).sorted().map(String.init).joined(separator: " and ")), "
          + "there are \(found) parts")
    }
    for (name, header) in headers {
      guard let expected = ShardName(name)?.number else { continue }
      let number = header.metadata[numberKey]
      if case .uint16(let number)? = number, Int(number) == expected - 1 { continue }
      let said = number.map { "\($0.integer.map(String.init) ?? "?") as \($0.type)" } ?? "nothing"
      faults.append("\(name) says \(said) for \(numberKey), not \(expected - 1) as uint16")
    }
    let totals = Set(headers.compactMap { $1.metadata[tensorCountKey]?.integer })
    let stored = headers.reduce(0) { $0 + $1.1.tensors.count }
    if checkpoint.missingShards.isEmpty, totals != [stored] {
      let said = totals.sorted().map(String.init).joined(separator: " and ")
      faults.append(
        "\(tensorCountKey) says \(said.isEmpty ? "nothing" : said), the parts store \(stored)")
    }
    return faults
  }
}
