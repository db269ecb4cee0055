// Names of shards: model-00001-of-00004.safetensors.

/// The numbered name of one shard.
struct ShardName: Sendable, Equatable {
  let prefix: String
  let number: Int
  let count: Int
  let suffix: String
  private let width: Int

  /// Reads `PREFIX-NUMBER-of-COUNT.SUFFIX`; nil where `name` is not of that form.
  init?(_ name: String) {
    guard let match = name.wholeMatch(of: /(.*-)([0-9]{1,9})-of-([0-9]{1,9})(\..*)/),
      let number = Int(match.2), let count = Int(match.3)
    else { return nil }
    prefix = String(match.1)
    self.number = number
    self.count = count
    suffix = String(match.4)
    width = match.2.count
  }

  /// The name of shard `number` of `count`.
  func renumbered(_ number: Int, of count: Int) -> String {
    prefix + padded(number) + "-of-" + padded(count) + suffix
  }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// New names for `kept`, which are `all` but for some that disappear: numbered anew without
  /// gaps where all of `all` are numbered alike, else unchanged.
  static func renumbering(_ kept: [String], of all: [String]) -> [String: String] {
    var names = Dictionary(uniqueKeysWithValues: kept.map { ($0, $0) })
    let parsed = all.compactMap(ShardName.init)
    let isOneSeries =
      kept.count < all.count && parsed.count == all.count
      && parsed.allSatisfy { $0.prefix == parsed[0].prefix && $0.count == all.count }
    guard isOneSeries else { return names }
    for (place, name) in kept.enumerated() {
      names[name] = ShardName(name)?.renumbered(place + 1, of: kept.count) ?? name
    }
    return names
  }
}
