// A pickle machine that can build data and nothing else.
//
// Opcodes and their arguments: Python's `pickletools`. Of its 68, those are read that torch's own
// restricted unpickler reads; the rest, and every name that is not on the list of ``PickleGlobal``,
// end the reading with the name of what was asked for.

/// Reads one pickle of protocol 2.
///
/// A total function on bytes: each opcode is read once, nothing is called, and all that is built is
/// within a small multiple of the pickle's size.
struct Unpickler {
  /// Protocols are declared by number; 2 is what torch writes.
  private static let protocols: ClosedRange<UInt8> = 2...5
  /// Values that wait at a time. Python's pickler ends a batch after a thousand items, so this is
  /// reached by nothing that it writes.
  private static let stackLimit = 1 << 20
  /// The container of all tuples without items, which nothing can change.
  private static let emptyTuple = 0

  var graph: PickleGraph
  var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [PickleValue] = []
  private var place: Int
  /// Where the current opcode stands.
  private(set) var opcodePlace = 0
  /// Containers, tensors and storages together. The least that pickles spend on one is four bytes,
  /// but for a few that refer to the first 256 places of the memo.
  private let nodeLimit: Int

  /// A reader of the pickle that starts at `place` of `bytes`, which stand at `start` in a file.
  init(_ bytes: [UInt8], from place: Int = 0, at start: Int = 0) {
    graph = PickleGraph(bytes: bytes, start: start, containers: [[]])
    self.place = place
    nodeLimit = 1024 + (bytes.count - place) / 4
  }

  /// Everything that the pickle makes.
  mutating func load() throws(PyTorchFault) -> PickleGraph {
    while true {
      opcodePlace = place
      let opcode = try byte()
      if opcode == 0x2E { break }
      try perform(opcode)
      guard stack.count <= Self.stackLimit else {
        throw fault(.invalidPickle, "the stack holds more than \(Self.stackLimit) values")
      }
    }
    let root = try pop()
    guard stack.isEmpty, marks.isEmpty else {
      throw fault(.invalidPickle, "values are left over at its end", found: "\(stack.count)")
    }
    graph.root = root
    graph.count = place
    return graph
  }

  // MARK: Opcodes

  private mutating func perform(_ opcode: UInt8) throws(PyTorchFault) {
    switch opcode {
    case 0x80: try checkProtocol()
    case 0x28: marks.append(stack.count)
    case 0x63: try pushGlobal()
    case 0x52: try reduce()
    case 0x81: try newObject()
    case 0x62: try build()
    case 0x51: try pushPersistent()
    case 0x71, 0x72: try remember(index: opcode == 0x71 ? try number(1) : try number(4))
    case 0x68, 0x6A: try recall(index: opcode == 0x68 ? try number(1) : try number(4))
    case 0x5D: push(.list(try container([])))
    case 0x7D: push(.dictionary(try container([])))
    case 0x29: push(.tuple(Self.emptyTuple))
    case 0x8F: push(.set(try container([])))
    case 0x74: push(.tuple(try container(try popMarked())))
    case 0x85, 0x86, 0x87: push(.tuple(try container(try pop(Int(opcode) - 0x84))))
    case 0x61: try append([try pop()])
    case 0x65: try append(try popMarked())
    case 0x73: try setItems(try pop(2))
    case 0x75: try setItems(try popMarked())
    default: try pushScalar(opcode)
    }
  }

  private mutating func pushScalar(_ opcode: UInt8) throws(PyTorchFault) {
    switch opcode {
    case 0x4E: push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case 0x4A: push(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
    case 0x4B: push(.integer(try number(1)))
    case 0x4D: push(.integer(try number(2)))
    case 0x8A: push(try long())
    case 0x47:
      var bits: UInt64 = 0
      for byte in try run(8) { bits = bits << 8 | UInt64(byte) }
      push(.real(Double(bitPattern: bits)))
    case 0x58:
      let text = try run(try number(4))
      guard String(validating: text, as: UTF8.self) != nil else {
        throw fault(.invalidPickle, "a text is not UTF-8")
      }
      push(.text(start: UInt32(text.startIndex), count: UInt32(text.count)))
    case 0x55:
      let text = try run(try number(1))
      push(.text(start: UInt32(text.startIndex), count: UInt32(text.count)))
    default:
      throw fault(
        .forbiddenPickle, "an opcode that weights do not need",
        found: PickleOpcode.name(opcode), hint: Self.unsafeHint)
    }
  }

  static let unsafeHint = "a pickle can run any code: do not load this file without a look"

  private mutating func checkProtocol() throws(PyTorchFault) {
    let version = try byte()
    guard Self.protocols.contains(version) else {
      throw fault(
        .invalidPickle, "an unknown pickle protocol", found: "\(version)", expected: "2")
    }
  }

  private mutating func long() throws(PyTorchFault) -> PickleValue {
    let bytes = try run(try number(1))
    guard let last = bytes.last else { return .integer(0) }
    var value: UInt64 = last >= 0x80 ? .max : 0
    guard bytes.count <= 8 else {
      // Bytes that only repeat the sign change nothing; Python writes at most one.
      let sign: UInt8 = bytes[bytes.startIndex + 7] >= 0x80 ? 0xFF : 0
      guard bytes.dropFirst(8).allSatisfy({ $0 == sign }) else { return .hugeInteger }
      for byte in bytes.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
      return .integer(Int(bitPattern: UInt(value)))
    }
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(bitPattern: UInt(value)))
  }

  private mutating func pushGlobal() throws(PyTorchFault) {
    let module = try line()
    let name = try line()
    guard let global = PickleGlobal(module: module, name: name) else {
      throw fault(
        .forbiddenPickle, "asks for \(module).\(name), which weights do not need",
        hint: Self.unsafeHint)
    }
    push(.global(global))
  }

  // MARK: Containers

  private mutating func append(_ items: [PickleValue]) throws(PyTorchFault) {
    guard case .list(let number)? = stack.last else {
      throw fault(.invalidPickle, "items are added to what is no list", found: stack.last?.kind)
    }
    graph.containers[number] += items
  }

  private mutating func setItems(_ items: [PickleValue]) throws(PyTorchFault) {
    guard case .dictionary(let number)? = stack.last else {
      throw fault(
        .invalidPickle, "keys are set in what is no dictionary", found: stack.last?.kind)
    }
    guard items.count.isMultiple(of: 2) else {
      throw fault(.invalidPickle, "a key is set without a value")
    }
    for index in stride(from: 0, to: items.count, by: 2) {
      switch items[index] {
      case .list, .dictionary, .set:
        throw fault(.invalidPickle, "a key that cannot be one", found: items[index].kind)
      default: continue
      }
    }
    graph.containers[number] += items
  }

  /// Keeps `items` as a container; the result is its number.
  mutating func container(_ items: [PickleValue]) throws(PyTorchFault) -> Int {
    try checkNodes()
    graph.containers.append(items)
    return graph.containers.count - 1
  }

  /// Refuses to build more than the pickle's size accounts for.
  mutating func checkNodes() throws(PyTorchFault) {
    let count = graph.containers.count + graph.tensors.count + graph.storages.count
    guard count < nodeLimit else {
      throw fault(.tooLarge, "builds more objects than its size accounts for", found: "\(count)")
    }
  }

  // MARK: Memo

  private mutating func remember(index: Int) throws(PyTorchFault) {
    guard let top = stack.last else { throw underflow() }
    // Pickles number what they remember from 0 on, and so can be remembered without gaps.
    guard index <= memo.count else {
      throw fault(
        .invalidPickle, "leaves a gap in what it remembers", found: "\(index)",
        expected: "at most \(memo.count)")
    }
    if index == memo.count { memo.append(top) } else { memo[index] = top }
  }

  private mutating func recall(index: Int) throws(PyTorchFault) {
    guard index < memo.count else {
      throw fault(.invalidPickle, "recalls what it did not remember", found: "\(index)")
    }
    push(memo[index])
  }

  // MARK: Stack

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func pop() throws(PyTorchFault) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else { throw underflow() }
    return value
  }

  private mutating func pop(_ count: Int) throws(PyTorchFault) -> [PickleValue] {
    guard stack.count - count >= marks.last ?? 0 else { throw underflow() }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popMarked() throws(PyTorchFault) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw fault(.invalidPickle, "no mark to go back to") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private func underflow() -> PyTorchFault {
    fault(.invalidPickle, "takes more from the stack than there is")
  }

  func fault(
    _ code: CheckpointError.Code, _ message: String, found: String? = nil, expected: String? = nil,
    hint: String? = nil
  ) -> PyTorchFault {
    PyTorchFault(
      code, at: graph.start.addingSaturated(opcodePlace), "pickle: \(message)", found: found,
      expected: expected, hint: hint)
  }

  // MARK: Bytes

  private mutating func byte() throws(PyTorchFault) -> UInt8 {
    guard place < graph.bytes.count else { throw ended() }
    defer { place += 1 }
    return graph.bytes[place]
  }

  private mutating func number(_ width: Int) throws(PyTorchFault) -> Int {
    var value = 0
    for byte in try run(width).reversed() { value = value << 8 | Int(byte) }
    return value
  }

  private mutating func run(_ count: Int) throws(PyTorchFault) -> ArraySlice<UInt8> {
    guard count <= graph.bytes.count - place else { throw ended() }
    defer { place += count }
    return graph.bytes[place..<place + count]
  }

  /// The text up to the next line feed; names are short.
  private mutating func line() throws(PyTorchFault) -> String {
    let window = graph.bytes[place...].prefix(256)
    guard let end = window.firstIndex(of: 0x0A) else {
      throw window.count < 256 ? ended() : fault(.invalidPickle, "a name without an end")
    }
    defer { place = end + 1 }
    guard let text = String(validating: graph.bytes[place..<end], as: UTF8.self) else {
      throw fault(.invalidPickle, "a name is not UTF-8")
    }
    return text
  }

  /// The message that a reader of a part of a file acts on: more bytes may help.
  static let endedMessage = "pickle: ends before its STOP"

  private func ended() -> PyTorchFault {
    PyTorchFault(
      .invalidPickle, at: graph.start.addingSaturated(opcodePlace), Self.endedMessage,
      hint: "the download may have stopped early")
  }
}
