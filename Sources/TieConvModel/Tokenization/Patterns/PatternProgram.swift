// A pattern as instructions for a backtracking machine.

/// A compiled pattern.
struct PatternProgram: Sendable {
  /// One step of the machine.
  struct Instruction: Sendable, Equatable {
    enum Operation: UInt8, Sendable {
      /// A scalar of class `a`.
      case scalar
      /// Scalars of class `a`, from `b` to `c`, as many as there are, fewer where the rest fails.
      case run
      /// The same, never fewer.
      case runAll
      /// On at `a`; at `b` where that fails.
      case split
      case jump
      /// What runs from the next instruction to `accept` must match here; then on at `a`.
      case look, lookAway
      /// The anchor `a`.
      case anchor
      case accept
    }
    var operation: Operation
    var a: Int32 = 0
    var b: Int32 = 0
    var c: Int32 = 0
  }

  /// A class laid out for the machine: no array of its own to retain.
  struct ClassRecord: Sendable, Equatable {
    var low: UInt64
    var high: UInt64
    var categories: UInt32
    var hasWord: Bool
    var hasNonWord: Bool
    var isNegated: Bool
    var firstRange: Int32
    var endRange: Int32
  }

  static let maximumLength = 4096

  var instructions: [Instruction] = []
  var classes: [ClassRecord] = []
  /// Bounds of ranges, two a range.
  var bounds: [UInt32] = []
  /// Where the alternatives of the whole pattern start; at most 64.
  var entries: [Int32] = []
  /// For a first byte, and at 256 for the end of the text, the alternatives worth trying.
  var candidates = [UInt64](repeating: 0, count: 257)

  /// Whether a line feed between two ASCII letters is a match of its own wherever it stands.
  var isOfWords: Bool { KnownPattern.ofWords.contains { isSame(as: $0) } }
  private var knownClasses: [ScalarClass] = []

  /// The program of `pattern`.
  init(_ pattern: String) throws(PatternError) {
    let node = try PatternParser.parse(pattern)
    var parts = [node]
    if case .alternatives(let all) = node, all.count <= 64 { parts = all }
    for (number, part) in parts.enumerated() {
      entries.append(Int32(instructions.count))
      try compile(part)
      try emit(.accept)
      let first = part.first
      for byte in 0..<256 where first.admits(UInt8(byte)) {
        candidates[byte] |= 1 << UInt64(number)
      }
      if first.isNullable { candidates[256] |= 1 << UInt64(number) }
    }
    makeLastRunsPossessive()
  }

  /// Nothing that follows can fail behind a run that ends its alternative, so no place to go back
  /// to needs keeping.
  private mutating func makeLastRunsPossessive() {
    for place in instructions.indices.dropLast()
    where instructions[place].operation == .run && instructions[place + 1].operation == .accept {
      instructions[place].operation = .runAll
    }
  }

  @discardableResult
  private mutating func emit(
    _ operation: Instruction.Operation, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0
  ) throws(PatternError) -> Int {
    guard instructions.count < Self.maximumLength else {
      throw PatternError("a pattern that large")
    }
    instructions.append(
      Instruction(operation: operation, a: Int32(a), b: Int32(b), c: Int32(clamping: c)))
    return instructions.count - 1
  }

  /// Whether both do the same; a pattern may be spelled in several ways.
  private func isSame(as other: PatternProgram) -> Bool {
    instructions == other.instructions && classes == other.classes && bounds == other.bounds
      && entries == other.entries
  }

  /// Whether no match can hold a line feed or an ASCII letter, or look for one.
  var keepsToItself: Bool {
    let letters: UInt64 = 0x07FF_FFFE_07FF_FFFE
    return classes.allSatisfy { $0.low >> 0x0A & 1 == 0 && $0.high & letters == 0 }
      && instructions.allSatisfy {
        $0.operation != .look && $0.operation != .lookAway && $0.operation != .anchor
      }
  }

  private mutating func compile(_ node: PatternNode) throws(PatternError) {
    switch node {
    case .empty: break
    case .scalars(let scalars): try emit(.scalar, number(of: scalars))
    case .sequence(let parts): for part in parts { try compile(part) }
    case .alternatives(let parts): try compileAlternatives(parts)
    case .repeated(.scalars(let scalars), let minimum, let maximum, let greed) where greed != .lazy:
      try emit(greed == .greedy ? .run : .runAll, number(of: scalars), minimum, maximum ?? .max)
    case .repeated(let part, let minimum, let maximum, let greed):
      try compileLoop(part, minimum, maximum, isLazy: greed == .lazy)
    case .look(let part, let isPositive):
      let start = try emit(isPositive ? .look : .lookAway)
      try compile(part)
      try emit(.accept)
      instructions[start].a = Int32(instructions.count)
    case .anchor(let anchor): try emit(.anchor, Int(anchor.rawValue))
    }
  }

  private mutating func compileAlternatives(_ parts: [PatternNode]) throws(PatternError) {
    var ends: [Int] = []
    for part in parts.dropLast() {
      let split = try emit(.split)
      instructions[split].a = Int32(split + 1)
      try compile(part)
      ends.append(try emit(.jump))
      instructions[split].b = Int32(instructions.count)
    }
    if let last = parts.last { try compile(last) }
    for end in ends { instructions[end].a = Int32(instructions.count) }
  }

  private mutating func compileLoop(
    _ part: PatternNode, _ minimum: Int, _ maximum: Int?, isLazy: Bool
  ) throws(PatternError) {
    for _ in 0..<minimum { try compile(part) }
    guard let maximum else {
      let split = try emit(.split)
      try compile(part)
      try emit(.jump, split)
      return setBranches(of: split, isLazy: isLazy)
    }
    var splits: [Int] = []
    for _ in minimum..<max(minimum, maximum) {
      splits.append(try emit(.split))
      try compile(part)
    }
    for split in splits { setBranches(of: split, isLazy: isLazy) }
  }

  /// Into the loop first, or out of it first; out is what comes next.
  private mutating func setBranches(of split: Int, isLazy: Bool) {
    let inside = Int32(split + 1)
    let outside = Int32(instructions.count)
    instructions[split].a = isLazy ? outside : inside
    instructions[split].b = isLazy ? inside : outside
  }

  private mutating func number(of scalars: ScalarClass) -> Int {
    if let known = knownClasses.firstIndex(of: scalars) { return known }
    knownClasses.append(scalars)
    let first = bounds.count
    for range in scalars.ranges { bounds += [range.lowerBound, range.upperBound] }
    classes.append(
      ClassRecord(
        low: scalars.low, high: scalars.high, categories: scalars.categories,
        hasWord: scalars.hasWord, hasNonWord: scalars.hasNonWord, isNegated: scalars.isNegated,
        firstRange: Int32(first), endRange: Int32(bounds.count)))
    return classes.count - 1
  }
}
