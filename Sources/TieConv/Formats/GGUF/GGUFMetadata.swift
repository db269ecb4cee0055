// The metadata of a GGUF file: keys in their order, each once.

/// Ordered metadata.
public struct GGUFMetadata: Sendable, Equatable {
  /// The keys and values, in the order in which they are stored.
  public private(set) var entries: [GGUFMetadataEntry] = []
  private var places: [String: Int] = [:]

  /// Metadata without any key.
  public init() {}

  /// Metadata of `pairs`; of a key that comes twice, the first place and the last value stay.
  public init(_ pairs: some Sequence<(String, GGUFValue)>) {
    for (key, value) in pairs { set(value, for: key) }
  }

  /// The number of keys.
  public var count: Int { entries.count }

  /// The value of `key`; nil where there is none. Setting keeps the place of a key that is there
  /// and appends one that is not; setting nil removes it.
  public subscript(key: String) -> GGUFValue? {
    get { places[key].map { entries[$0].value } }
    set {
      if let newValue { set(newValue, for: key) } else { remove(key) }
    }
  }

  /// Sets the value of `key`, in its old place or at the end.
  public mutating func set(_ value: GGUFValue, for key: String) {
    if let place = places[key] {
      entries[place].value = value
    } else {
      append(value, for: key)
    }
  }

  /// Removes `key`, and returns what it was.
  @discardableResult
  public mutating func remove(_ key: String) -> GGUFValue? {
    guard let place = places[key] else { return nil }
    let value = entries.remove(at: place).value
    places = Dictionary(
      entries.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    return value
  }

  /// Appends a key that is not there yet; false where it is.
  @discardableResult
  mutating func append(_ value: GGUFValue, for key: String) -> Bool {
    guard places.updateValue(entries.count, forKey: key) == nil else { return false }
    entries.append(GGUFMetadataEntry(key: key, value: value))
    return true
  }

  /// Whether both have the same keys and values in the same order.
  public static func == (one: Self, other: Self) -> Bool { one.entries == other.entries }
}

/// One key and its value.
public struct GGUFMetadataEntry: Sendable, Equatable {
  /// The key: `general.architecture`, `llama.block_count`…
  public let key: String
  /// The value.
  public internal(set) var value: GGUFValue
}

extension GGUFMetadata {
  /// `general.architecture`: the prefix of the model's own keys.
  public var architecture: String? { self["general.architecture"]?.text }

  /// The value of a key of the model's own: `attention.head_count` is looked up as
  /// `llama.attention.head_count`.
  public subscript(architecture key: String) -> GGUFValue? {
    architecture.flatMap { self["\($0).\(key)"] }
  }
}
