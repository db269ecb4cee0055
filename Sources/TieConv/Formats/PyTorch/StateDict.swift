// Finding the model among all that a training script may have saved with it.

/// The tensors of a model by name, and what else the file holds.
struct StateDict: Sendable {
  /// The keys that lead to it from what was saved.
  private(set) var path: [String] = []
  /// Names and numbers of the graph's tensors, in the order of the pickle.
  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// Single numbers and texts beside the tensors, by path.
  private(set) var values: [(name: String, value: String)] = []
  /// The optimizer's state; none where there is none.
  private(set) var optimizer: PickleValue = .none
  /// Keys beside ``path`` that hold tensors too, the optimizer's left out.
  private(set) var others: [String] = []

  /// Under which names scripts save a model's state dict, the most telling first.
  private static let keys = [
    "model_state_dict", "state_dict", "model_state", "model", "module", "net", "network", "params",
  ]
  private static let deepest = 32
  private static let mostValues = 256

  private let graph: PickleGraph
  private var visited: Set<Int> = []
  private var nameBytes = 0
  private let nameLimit: Int

  /// Finds the state dict in `graph`.
  init(_ graph: PickleGraph) throws(PyTorchFault) {
    self.graph = graph
    nameLimit = (1 << 20) + graph.count.multipliedSaturated(16)
    var root = graph.root
    optimizer = Self.optimizer(in: root, graph) ?? .none
    // A model within a checkpoint within a checkpoint is as deep as scripts go.
    for _ in 0..<3 {
      guard let (key, value) = Self.model(in: root, graph) else { break }
      others += Self.keysWithTensors(root, graph).filter { $0 != key }
      path.append(key)
      root = value
      if optimizer == .none { optimizer = Self.optimizer(in: root, graph) ?? .none }
    }
    try collect(root)
    try collectValues()
  }

  private static func model(
    in value: PickleValue, _ graph: PickleGraph
  ) -> (key: String, value: PickleValue)? {
    for key in keys {
      if let member = graph.member(key, of: value), case .dictionary = member,
        holdsTensors(member, graph)
      {
        return (key, member)
      }
    }
    return nil
  }

  /// Whether a dictionary has a tensor among its values, or in dictionaries among them, three deep.
  private static func holdsTensors(_ value: PickleValue, _ graph: PickleGraph) -> Bool {
    var level = [value]
    var seen: Set<PickleValue> = []
    for _ in 0..<4 {
      var next: [PickleValue] = []
      for value in level where seen.insert(value).inserted {
        for pair in graph.pairs(value) ?? [] {
          if case .tensor = pair.value { return true }
          if case .dictionary = pair.value { next.append(pair.value) }
        }
      }
      level = next
    }
    return false
  }

  private static func keysWithTensors(_ value: PickleValue, _ graph: PickleGraph) -> [String] {
    (graph.pairs(value) ?? []).prefix(32).compactMap { pair in
      guard let key = graph.text(pair.key), !key.hasPrefix("optim"),
        holdsTensors(pair.value, graph)
      else { return nil }
      return key
    }
  }

  // MARK: Optimizer

  private static func optimizer(in value: PickleValue, _ graph: PickleGraph) -> PickleValue? {
    if isOptimizer(value, graph) { return value }
    for pair in (graph.pairs(value) ?? []).prefix(256) {
      guard let key = graph.text(pair.key), key.hasPrefix("optim") else { continue }
      if isOptimizer(pair.value, graph) { return pair.value }
      if let first = graph.items(pair.value)?.first, isOptimizer(first, graph) { return first }
    }
    return nil
  }

  private static func isOptimizer(_ value: PickleValue, _ graph: PickleGraph) -> Bool {
    graph.member("state", of: value) != nil && graph.member("param_groups", of: value) != nil
  }

  // MARK: Tensors

  /// A container that is walked through, and how far.
  private struct Level {
    let prefix: String
    let entries: [(key: String, value: PickleValue)]
    var next = 0
  }

  private mutating func collect(_ root: PickleValue) throws(PyTorchFault) {
    var names: Set<String> = []
    if case .tensor(let number) = root { tensors.append(("", number)) }
    var levels = level(root, prefix: "").map { [$0] } ?? []
    while let level = levels.last {
      guard level.next < level.entries.count else {
        levels.removeLast()
        continue
      }
      levels[levels.count - 1].next += 1
      let (key, value) = level.entries[level.next]
      let name = level.prefix + key
      switch value {
      case .tensor(let number):
        nameBytes = nameBytes.addingSaturated(name.utf8.count)
        guard nameBytes <= nameLimit else { throw tooLong() }
        guard names.insert(name).inserted else {
          throw PyTorchFault(
            .duplicateTensor, tensor: name, "name comes twice in the state dict",
            hint: "torch keeps one of them silently; save the file again")
        }
        tensors.append((name, number))
      case .dictionary, .list, .tuple:
        if value == optimizer && !path.isEmpty { continue }
        guard levels.count < Self.deepest else {
          throw PyTorchFault(
            .tooLarge, tensor: name, "nests too deep", expected: "at most \(Self.deepest) levels")
        }
        if let next = self.level(value, prefix: name + ".") {
          nameBytes = nameBytes.addingSaturated(name.utf8.count)
          guard nameBytes <= nameLimit else { throw tooLong() }
          levels.append(next)
        }
      default: continue
      }
    }
  }

  private func tooLong() -> PyTorchFault {
    PyTorchFault(.tooLarge, "names are longer than the pickle accounts for")
  }

  /// The entries of a container; nil where it is none, or was walked through before.
  private mutating func level(_ value: PickleValue, prefix: String) -> Level? {
    switch value {
    case .dictionary(let number):
      guard visited.insert(number).inserted else { return nil }
      let pairs = graph.pairs(value) ?? []
      return Level(prefix: prefix, entries: pairs.map { (keyText($0.key), $0.value) })
    case .list(let number), .tuple(let number):
      guard visited.insert(number).inserted else { return nil }
      let items = graph.items(value) ?? []
      return Level(
        prefix: prefix, entries: items.enumerated().map { ("\($0.offset)", $0.element) })
    default: return nil
    }
  }

  private func keyText(_ key: PickleValue) -> String {
    switch key {
    case .integer(let number): "\(number)"
    case .bool(let value): "\(value)"
    case .real(let number): "\(number)"
    default: graph.text(key) ?? key.kind
    }
  }

  // MARK: Values

  /// The scalars right beside the state dict and on the way to it: an epoch, a step, a version.
  private mutating func collectValues() throws(PyTorchFault) {
    var value = graph.root
    for depth in 0...path.count {
      for pair in (graph.pairs(value) ?? []).prefix(Self.mostValues) {
        guard let key = graph.text(pair.key), key.utf8.count <= 256,
          let text = scalarText(pair.value), values.count < Self.mostValues
        else { continue }
        values.append(((path.prefix(depth) + [key]).joined(separator: "."), text))
      }
      guard depth < path.count, let next = graph.member(path[depth], of: value) else { break }
      value = next
    }
  }

  private func scalarText(_ value: PickleValue) -> String? {
    switch value {
    case .bool(let value): "\(value)"
    case .integer(let number): "\(number)"
    case .real(let number): "\(number)"
    case .text: graph.text(value).map { String($0.prefix(4096)) }
    default: nil
    }
  }
}
