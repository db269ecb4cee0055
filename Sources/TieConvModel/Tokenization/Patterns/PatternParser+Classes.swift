// Classes: brackets, `\p{…}`, and the escapes that stand for sets.

extension PatternParser {
  /// The class in brackets; the opening one is consumed.
  mutating func bracket() throws(PatternError) -> ScalarClass {
    var scalars = ScalarClass()
    let isNegated = accept("^")
    var isFirst = true
    while let scalar = next, isFirst || scalar != 0x5D {
      if isFirst, scalar == 0x5D { throw PatternError("an empty class") }
      isFirst = false
      if scalar == 0x5B { throw PatternError("a class within a class") }
      if accept("&&") { throw PatternError("an intersection of classes") }
      try member(into: &scalars)
    }
    guard accept("]") else { throw PatternError("a \"[\" without its \"]\"") }
    if foldsCase { scalars.foldCase() }
    if isNegated { scalars.negate() }
    return scalars
  }

  /// One character, range or set of a class.
  private mutating func member(into scalars: inout ScalarClass) throws(PatternError) {
    guard let first = try bound(into: &scalars) else { return }
    guard next == 0x2D, place + 1 < text.count, text[place + 1] != 0x5D else {
      return scalars.insert(first...first)
    }
    place += 1
    guard let last = try bound(into: &scalars), last >= first else {
      throw PatternError("a range that is empty or ends in a set")
    }
    if foldsCase, last >= 0x80 { throw PatternError("letters beyond ASCII without case") }
    scalars.insert(first...last)
  }

  /// The next character of a class; nil for a set, which is then in `scalars`.
  private mutating func bound(into scalars: inout ScalarClass) throws(PatternError) -> UInt32? {
    guard let scalar = next else { throw PatternError("a \"[\" without its \"]\"") }
    place += 1
    guard scalar == 0x5C else { return scalar }
    return try set(into: &scalars) ? nil : try character()
  }

  /// An escape outside brackets; the backslash is consumed.
  mutating func escape() throws(PatternError) -> PatternNode {
    if accept("b") { return .anchor(.boundary) }
    if accept("B") { return .anchor(.noBoundary) }
    if accept("A") { return .anchor(.textStart) }
    if accept("z") { return .anchor(.textEnd) }
    var scalars = ScalarClass()
    if try set(into: &scalars) { return .scalars(scalars) }
    return .scalars(try single(try character()))
  }

  /// Reads an escape that stands for a set; says whether it was one.
  private mutating func set(into scalars: inout ScalarClass) throws(PatternError) -> Bool {
    switch next.flatMap(Unicode.Scalar.init) {
    case "s", "S": scalars.insertWhiteSpace(complement: next == 0x53)
    case "w", "W": scalars.insertWord(complement: next == 0x57)
    case "d", "D": scalars.insert(categories: 1 << 9, complement: next == 0x44)
    case "p", "P":
      try property(into: &scalars)
      return true
    default: return false
    }
    place += 1
    return true
  }

  private mutating func property(into scalars: inout ScalarClass) throws(PatternError) {
    var isComplement = next == 0x50
    place += 1
    guard accept("{") else { throw PatternError("\"\\p\" without braces") }
    if accept("^") { isComplement.toggle() }
    var name = ""
    while let scalar = next.flatMap(Unicode.Scalar.init), scalar != "}", name.utf8.count < 32 {
      name.unicodeScalars.append(scalar)
      place += 1
    }
    guard accept("}"), let mask = ScalarCategory.mask(name) else {
      throw PatternError("the property \"\(name)\"")
    }
    scalars.insert(categories: mask, complement: isComplement)
  }

  /// An escape that stands for one character.
  private mutating func character() throws(PatternError) -> UInt32 {
    guard let scalar = next.flatMap(Unicode.Scalar.init) else {
      throw PatternError("a backslash at the end")
    }
    place += 1
    switch scalar {
    case "n": return 0x0A
    case "r": return 0x0D
    case "t": return 0x09
    case "f": return 0x0C
    case "v": return 0x0B
    case "u": return try hexadecimal(4)
    case "x":
      guard accept("{") else { return try hexadecimal(2) }
      var value: UInt32 = 0
      while let digit = hexadecimalDigit(), value < 0x110000 { value = value << 4 | digit }
      guard accept("}"), value < 0x110000 else { throw PatternError("an escape without its end") }
      return value
    default:
      guard scalar.value < 0x80, !scalar.properties.isAlphabetic,
        !(0x30...0x39).contains(scalar.value)
      else { throw PatternError("the escape \"\\\(scalar)\"") }
      return scalar.value
    }
  }

  private mutating func hexadecimal(_ count: Int) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = hexadecimalDigit() else { throw PatternError("an escape without its end") }
      value = value << 4 | digit
    }
    return value
  }

  private mutating func hexadecimalDigit() -> UInt32? {
    guard let digit = next.flatMap(Unicode.Scalar.init).flatMap({ Character($0).hexDigitValue }),
      next ?? 0x80 < 0x80
    else { return nil }
    place += 1
    return UInt32(digit)
  }
}
