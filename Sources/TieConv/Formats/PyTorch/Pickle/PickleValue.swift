// What a pickle can hold: scalars, texts, containers, storages and tensors, and nothing that acts.

/// One value. Containers, storages and tensors live in lists of their ``PickleGraph``, so that no
/// depth of nesting costs stack, and values that refer to themselves are harmless.
enum PickleValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer beyond 64 bits.
  case hugeInteger
  case real(Double)
  /// UTF-8 text, or bytes that Python 2 wrote as text: a place in the pickle and a length.
  case text(start: UInt32, count: UInt32)
  case global(PickleGlobal)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case set(Int)
  case storage(Int)
  case tensor(Int)
  /// Something with a meaning to Python and none here: bytes, a device, a layout.
  case opaque

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer, .hugeInteger: "an integer"
    case .real: "a float"
    case .text: "a text"
    case .global: "a global"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .set: "a set"
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .opaque: "an object"
    }
  }
}

/// What a persistent id says of a storage; nothing of it has been held against the file yet.
struct PickledStorage: Sendable, Hashable {
  /// The part of a storage that an older file names as a storage of its own.
  struct View: Sendable, Hashable {
    let key: String
    let offset: Int
    let count: Int
  }

  let key: String
  let type: TorchDType
  let count: Int
  let view: View?
}

/// What a rebuild function's arguments say of a tensor; only their types were checked.
struct PickledTensor: Sendable, Hashable {
  let storage: Int
  /// The first element, counted in elements of `type`.
  let offset: Int
  let shape: [Int]
  /// Steps from one index to the next along each dimension, in elements.
  let strides: [Int]
  /// Where the dtype is stated beside the storage; else it is the storage's.
  let type: TorchDType?
}

/// Everything that a pickle made.
struct PickleGraph: Sendable {
  /// The text of the pickle, up to its end.
  let bytes: [UInt8]
  /// Where in its file the pickle starts.
  let start: Int
  /// Items of tuples, lists and sets; keys and values of dictionaries, one after the other.
  var containers: [[PickleValue]]
  var storages: [PickledStorage] = []
  var tensors: [PickledTensor] = []
  /// What STOP left.
  var root: PickleValue = .none
  /// The length of the pickle.
  var count = 0

  /// The text of `value`; nil where it is none, or not UTF-8.
  func text(_ value: PickleValue) -> String? {
    guard case .text(let start, let count) = value else { return nil }
    let range = Int(start)..<Int(start) + Int(count)
    guard range.upperBound <= bytes.count else { return nil }
    return String(validating: bytes[range], as: UTF8.self)
  }

  /// Keys and values of `value`; nil where it is no dictionary.
  func pairs(_ value: PickleValue) -> [(key: PickleValue, value: PickleValue)]? {
    guard case .dictionary(let number) = value else { return nil }
    let items = containers[number]
    return stride(from: 0, to: items.count - 1, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  /// The value of the text `key` in the dictionary `value`; the last one, as Python has it.
  func member(_ key: String, of value: PickleValue) -> PickleValue? {
    pairs(value)?.last { text($0.key) == key }?.value
  }

  /// Items of the tuple or list `value`; nil where it is neither.
  func items(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let number), .list(let number): containers[number]
    default: nil
    }
  }
}
