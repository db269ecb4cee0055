// What a pickle's calls come to: dictionaries, storages and tensors, made here and not called for.

extension Unpickler {
  // MARK: REDUCE, NEWOBJ, BUILD

  /// What calling the second value with the items of the first would give.
  mutating func reduce() throws(PyTorchFault) {
    let arguments = try pop()
    let callee = try pop()
    guard case .global(let global) = callee else {
      throw fault(.forbiddenPickle, "calls \(callee.kind)", hint: Self.unsafeHint)
    }
    guard case .tuple = arguments, let items = graph.items(arguments) else {
      throw fault(.invalidPickle, "calls with what is no tuple", found: arguments.kind)
    }
    push(try result(of: global, items))
  }

  private mutating func result(
    of global: PickleGlobal, _ items: [PickleValue]
  ) throws(PyTorchFault) -> PickleValue {
    switch global {
    case .orderedDict: return .dictionary(try orderedDictionary(items))
    case .counter:
      if items.isEmpty { return .dictionary(try container([])) }
      guard items.count == 1, case .dictionary = items[0] else { throw wrong("Counter") }
      return items[0]
    case .set:
      guard items.count == 1, let list = graph.items(items[0]) else { throw wrong("set") }
      return .set(try container(list))
    case .size:
      guard items.count == 1, let extents = graph.items(items[0]) else { throw wrong("Size") }
      return .tuple(try container(extents))
    case .bytearray, .complex, .encode, .device, .layout: return .opaque
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3:
      return .tensor(try tensor(global, items))
    case .rebuildParameter, .rebuildParameterWithState:
      let count = global == .rebuildParameter ? 3 : 4
      guard items.count == count, case .tensor = items[0], case .bool = items[1],
        isEmptyDictionary(items[2])
      else { throw wrong("_rebuild_parameter") }
      return items[0]
    case .rebuildFromType:
      // (function, class, arguments, state): the state is what its owner hung on it.
      guard items.count == 4, case .global(let inner) = items[0], inner != .rebuildFromType,
        case .global(let type) = items[1], type == .tensorClass || type == .parameterClass,
        case .tuple = items[2], let arguments = graph.items(items[2])
      else { throw wrong("_rebuild_from_type_v2") }
      let made = try result(of: inner, arguments)
      guard case .tensor = made else { throw wrong("_rebuild_from_type_v2") }
      return made
    case .parameterClass:
      guard let first = items.first, case .tensor = first else { throw wrong("Parameter") }
      return first
    case .unsupported(let what): throw unsupported(what)
    case .tensorClass, .dtype, .storage:
      throw fault(.forbiddenPickle, "calls a class that is no function here")
    }
  }

  /// NEWOBJ: a class of the list without arguments, or a parameter of a tensor.
  mutating func newObject() throws(PyTorchFault) {
    let arguments = try pop()
    let type = try pop()
    guard case .global(let global) = type, case .tuple = arguments,
      let items = graph.items(arguments)
    else { throw fault(.forbiddenPickle, "makes an object of \(type.kind)") }
    switch global {
    case .orderedDict, .counter, .size, .parameterClass:
      push(try result(of: global, items))
    default: throw fault(.forbiddenPickle, "makes an object of a class that weights do not need")
    }
  }

  /// BUILD: attributes of a dictionary, such as the `_metadata` of a state dict, say nothing of
  /// weights; on anything else they could change what it is.
  mutating func build() throws(PyTorchFault) {
    let state = try pop()
    guard case .dictionary? = stack.last, case .dictionary = state else {
      throw fault(
        .forbiddenPickle, "sets the state of what is no dictionary", found: stack.last?.kind)
    }
  }

  private mutating func orderedDictionary(_ items: [PickleValue]) throws(PyTorchFault) -> Int {
    guard let list = items.first else { return try container([]) }
    // Python 2 pickled the pairs as arguments.
    guard items.count == 1, let pairs = graph.items(list) else { throw wrong("OrderedDict") }
    var flat: [PickleValue] = []
    for pair in pairs {
      guard let both = graph.items(pair), both.count == 2 else { throw wrong("OrderedDict") }
      flat += both
    }
    return try container(flat)
  }

  // MARK: Tensors

  private mutating func tensor(
    _ global: PickleGlobal, _ items: [PickleValue]
  ) throws(PyTorchFault) -> Int {
    // (storage, offset, size, stride[, requires_grad, hooks[, dtype][, metadata]])
    let (least, most) =
      switch global {
      case .rebuildTensorV3: (7, 8)
      case .rebuildTensorV2: (6, 7)
      default: (4, 4)
      }
    guard (least...most).contains(items.count), case .storage(let storage) = items[0],
      case .integer(let offset) = items[1], let shape = integers(items[2]),
      let strides = integers(items[3])
    else { throw wrong("a tensor's rebuild function") }
    if items.count > 4 {
      guard case .bool = items[4], isEmptyDictionary(items[5]) else {
        throw wrong("a tensor's rebuild function")
      }
    }
    var type: TorchDType?
    if global == .rebuildTensorV3 {
      guard case .global(.dtype(let stated)) = items[6] else {
        throw wrong("a tensor's rebuild function")
      }
      type = stated
    }
    if items.count == most, global != .rebuildTensor { try checkMetadata(items[most - 1]) }
    try checkNodes()
    graph.tensors.append(
      PickledTensor(
        storage: storage, offset: offset, shape: shape, strides: strides, type: type))
    return graph.tensors.count - 1
  }

  /// Metadata may say that the numbers stored are conjugated or negated ones; they are not read as
  /// something else than they are.
  private func checkMetadata(_ value: PickleValue) throws(PyTorchFault) {
    if value == .none { return }
    guard let pairs = graph.pairs(value) else { throw wrong("a tensor's rebuild function") }
    for pair in pairs where pair.value != .bool(false) {
      throw unsupported("a tensor with the bit \(graph.text(pair.key) ?? "of another kind")")
    }
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple = value, let items = graph.items(value) else { return nil }
    var integers: [Int] = []
    for item in items {
      guard case .integer(let integer) = item else { return nil }
      integers.append(integer)
    }
    return integers
  }

  private func isEmptyDictionary(_ value: PickleValue) -> Bool {
    graph.pairs(value)?.isEmpty ?? (value == .none)
  }

  // MARK: Persistent ids

  /// BINPERSID: ("storage", class, key, location, count), and a view in older files.
  mutating func pushPersistent() throws(PyTorchFault) {
    let id = try pop()
    guard case .tuple = id, let items = graph.items(id), let tag = items.first.flatMap(graph.text)
    else { throw fault(.invalidPickle, "a persistent id that is no tuple", found: id.kind) }
    guard tag == "storage" else {
      throw fault(
        .forbiddenPickle, "a persistent id of another kind than a storage", found: "\"\(tag)\"")
    }
    guard items.count == 5 || items.count == 6, case .global(.storage(let type)) = items[1],
      let key = graph.text(items[2]), let location = graph.text(items[3]),
      case .integer(let count) = items[4]
    else { throw wrong("a persistent id") }
    guard location != "meta" else { throw unsupported("a meta tensor, without data") }
    var view: PickledStorage.View?
    if items.count == 6, items[5] != .none {
      guard let parts = graph.items(items[5]), parts.count == 3, let name = graph.text(parts[0]),
        case .integer(let offset) = parts[1], case .integer(let size) = parts[2]
      else { throw wrong("a persistent id") }
      view = PickledStorage.View(key: name, offset: offset, count: size)
    }
    try checkNodes()
    graph.storages.append(PickledStorage(key: key, type: type, count: count, view: view))
    push(.storage(graph.storages.count - 1))
  }

  // MARK: Faults

  private func wrong(_ callee: String) -> PyTorchFault {
    fault(.invalidPickle, "wrong arguments for \(callee)")
  }

  /// A tensor that is no plain array of numbers. Its name, where it is a dictionary's value, is
  /// what waits on the stack.
  private func unsupported(_ what: String) -> PyTorchFault {
    PyTorchFault(
      .unsupportedFormat, at: graph.start.addingSaturated(opcodePlace),
      tensor: stack.last.flatMap(graph.text), "\(what) is not read",
      hint: "save plain tensors, or the state dict of the model before it was changed")
  }
}
