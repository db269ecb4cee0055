// The machine that runs a pattern: backtracking, leftmost, first alternative first.

/// Runs programs; keeps its stack from match to match.
struct PatternMatcher {
  /// A place to go back to.
  private struct Frame {
    var instruction: Int32
    var position: Int32
    /// Not below 0: a run that may end anywhere from here to `position`, exclusive.
    var floor: Int32
  }

  /// Steps that may still be taken. Patterns of tokenizers take a few a byte; one that backtracks
  /// without end is stopped here.
  private var stepsLeft: Int
  private var stack: [Frame] = []
  private let table = ScalarTable.shared

  /// Whether the steps ran out: results since then mean nothing.
  var isExhausted: Bool { stepsLeft < 0 }

  /// A matcher for texts of `count` bytes in all.
  init(forBytes count: Int) { stepsLeft = 1 << 20 + 256 * count }

  /// Where the match at `start` ends; -1 where there is none. It sees `range` of `text` alone.
  mutating func end(
    of program: borrowing PatternProgram, in text: Span<UInt8>, _ range: Range<Int>, at start: Int
  ) -> Int {
    var candidates = program.candidates[start < range.upperBound ? Int(text[start]) : 256]
    while candidates != 0 {
      let number = candidates.trailingZeroBitCount
      candidates &= candidates - 1
      let end = run(program, text, range, at: start, from: Int(program.entries[number]))
      if end >= 0 { return end }
    }
    return -1
  }

  private mutating func run(
    _ program: borrowing PatternProgram, _ text: Span<UInt8>, _ range: Range<Int>,
    at start: Int, from entry: Int
  ) -> Int {
    let base = stack.count
    var position = start
    var place = entry
    while true {
      stepsLeft -= 1
      if stepsLeft < 0 {
        stack.removeAll()
        return -1
      }
      let instruction = program.instructions[place]
      var fails = false
      switch instruction.operation {
      case .scalar:
        let length = matchLength(program, Int(instruction.a), text, range.upperBound, position)
        position += length
        place += 1
        fails = length == 0
      case .run, .runAll:
        fails = !take(program, instruction, text, range.upperBound, &position, place + 1)
        place += 1
      case .split:
        stack.append(Frame(instruction: instruction.b, position: Int32(position), floor: -1))
        place = Int(instruction.a)
      case .jump: place = Int(instruction.a)
      case .look, .lookAway:
        let end = run(program, text, range, at: position, from: place + 1)
        fails = (end >= 0) != (instruction.operation == .look)
        place = Int(instruction.a)
      case .anchor:
        fails = !holds(instruction.a, text, range, position)
        place += 1
      case .accept:
        stack.removeLast(stack.count - base)
        return position
      }
      if fails, !goBack(text, base, &position, &place) { return -1 }
    }
  }

  /// Takes up the last place to go back to, if one is left above `base`.
  private mutating func goBack(
    _ text: Span<UInt8>, _ base: Int, _ position: inout Int, _ place: inout Int
  ) -> Bool {
    guard stack.count > base, let frame = stack.popLast() else { return false }
    place = Int(frame.instruction)
    position = Int(frame.position)
    guard frame.floor >= 0 else { return true }
    position = text.scalarStart(before: position, floor: Int(frame.floor))
    if position > Int(frame.floor) {
      stack.append(
        Frame(instruction: frame.instruction, position: Int32(position), floor: frame.floor))
    }
    return true
  }

  /// Takes scalars of a class; says whether there were enough.
  @inline(__always)
  private mutating func take(
    _ program: borrowing PatternProgram, _ instruction: PatternProgram.Instruction,
    _ text: Span<UInt8>, _ end: Int, _ position: inout Int, _ next: Int
  ) -> Bool {
    let record = program.classes[Int(instruction.a)]
    var count: Int32 = 0
    var floor = position
    let start = position
    while count < instruction.c, position < end {
      let byte = text[position]
      if byte < 0x80 {
        let bits = byte < 64 ? record.low : record.high
        if bits >> UInt64(byte & 63) & 1 == 0 { break }
        position += 1
      } else {
        let (scalar, length) = text.scalar(at: position)
        if !contains(program, record, scalar) { break }
        position = min(position + length, end)
      }
      count += 1
      if count == instruction.b { floor = position }
    }
    stepsLeft -= position - start
    if count < instruction.b { return false }
    if instruction.operation == .run, position > floor {
      stack.append(
        Frame(instruction: Int32(next), position: Int32(position), floor: Int32(floor)))
    }
    return true
  }

  /// The length of the scalar at `position` where it is in a class, else 0.
  @inline(__always)
  private func matchLength(
    _ program: borrowing PatternProgram, _ number: Int, _ text: Span<UInt8>, _ end: Int,
    _ position: Int
  ) -> Int {
    guard position < end else { return 0 }
    let byte = text[position]
    let record = program.classes[number]
    if byte < 0x80 {
      return Int((byte < 64 ? record.low : record.high) >> UInt64(byte & 63) & 1)
    }
    let (scalar, length) = text.scalar(at: position)
    return contains(program, record, scalar) ? min(length, end - position) : 0
  }

  private func contains(
    _ program: borrowing PatternProgram, _ record: PatternProgram.ClassRecord, _ scalar: UInt32
  ) -> Bool {
    let properties = table.properties(scalar)
    let isWord = properties & ScalarTable.wordBit != 0
    var isMember =
      record.categories >> UInt32(properties & 0x1F) & 1 == 1
      || (record.hasWord && isWord) || (record.hasNonWord && !isWord)
    var place = Int(record.firstRange)
    while !isMember, place < Int(record.endRange) {
      isMember = program.bounds[place] <= scalar && scalar <= program.bounds[place + 1]
      place += 2
    }
    return isMember != record.isNegated
  }

  private func holds(
    _ anchor: Int32, _ text: Span<UInt8>, _ range: Range<Int>, _ position: Int
  ) -> Bool {
    switch PatternNode.Anchor(rawValue: UInt8(truncatingIfNeeded: anchor)) {
    case .lineStart: position == range.lowerBound || text[position - 1] == 0x0A
    case .lineEnd: position == range.upperBound || text[position] == 0x0A
    case .textStart: position == range.lowerBound
    case .textEnd: position == range.upperBound
    case .boundary: isBoundary(text, range, position)
    case .noBoundary: !isBoundary(text, range, position)
    case nil: false
    }
  }

  private func isBoundary(_ text: Span<UInt8>, _ range: Range<Int>, _ position: Int) -> Bool {
    var before = false
    if position > range.lowerBound {
      let start = text.scalarStart(before: position, floor: range.lowerBound)
      before = table.properties(text.scalar(at: start).value) & ScalarTable.wordBit != 0
    }
    let after =
      position < range.upperBound
      && table.properties(text.scalar(at: position).value) & ScalarTable.wordBit != 0
    return before != after
  }
}
