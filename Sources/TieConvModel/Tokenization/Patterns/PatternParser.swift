// Patterns as the reference's regex engine spells them (Oniguruma, Ruby syntax), the part of it
// that tokenizers use. What is outside that part is refused by name.

/// Reads a pattern into a tree.
struct PatternParser {
  static let maximumDepth = 32
  static let maximumLength = 64 << 10
  /// Greatest number in `{n,m}`.
  static let maximumCount = 1000

  let text: [UInt32]
  var place = 0
  var foldsCase = false
  private var depth = 0

  private init(_ text: [UInt32]) { self.text = text }

  /// The tree of `pattern`.
  static func parse(_ pattern: String) throws(PatternError) -> PatternNode {
    guard pattern.utf8.count <= maximumLength else { throw PatternError("a pattern that long") }
    var parser = PatternParser(pattern.unicodeScalars.map(\.value))
    let node = try parser.alternatives()
    if parser.place < parser.text.count { throw PatternError("a \")\" without its \"(\"") }
    return node
  }

  var next: UInt32? { place < text.count ? text[place] : nil }

  mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard next == character.value else { return false }
    place += 1
    return true
  }

  mutating func accept(_ word: String) -> Bool {
    let scalars = word.unicodeScalars.map(\.value)
    guard text[place...].starts(with: scalars) else { return false }
    place += scalars.count
    return true
  }

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw PatternError("groups nested so deep") }
    let outerFold = foldsCase
    var parts = [try sequence()]
    while accept("|") { parts.append(try sequence()) }
    foldsCase = outerFold
    return parts.count == 1 ? parts[0] : .alternatives(parts)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var parts: [PatternNode] = []
    var letters: [UInt32] = []
    while let scalar = next, scalar != 0x7C, scalar != 0x29 {
      let start = place
      let atom = try self.atom()
      // Folding two letters onto one ligature is beyond a class; it must not pass unseen.
      letters.append(foldsCase && place == start + 1 ? scalar | 0x20 : 0)
      if let pair = Self.ligature(letters) { throw PatternError("\"\(pair)\" without case") }
      parts.append(try repeated(atom))
    }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
  }

  private static func ligature(_ letters: [UInt32]) -> String? {
    guard letters.count >= 2 else { return nil }
    let pair = String(String.UnicodeScalarView(letters.suffix(2).compactMap(Unicode.Scalar.init)))
    return ["ss", "st", "ff", "fi", "fl"].contains(pair) ? pair : nil
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
    guard let scalar = next.flatMap(Unicode.Scalar.init) else { throw PatternError("a surrogate") }
    place += 1
    switch scalar {
    case "(": return try group()
    case "[": return .scalars(try bracket())
    case "\\": return try escape()
    case ".":
      var any = ScalarClass()
      any.insert(0x0A...0x0A)
      any.negate()
      return .scalars(any)
    case "^": return .anchor(.lineStart)
    case "$": return .anchor(.lineEnd)
    case "*", "+", "?": throw PatternError("a repetition of nothing")
    default: return .scalars(try single(scalar.value))
    }
  }

  /// The class of one character, with its other case where case is folded.
  func single(_ scalar: UInt32) throws(PatternError) -> ScalarClass {
    var scalars = ScalarClass()
    scalars.insert(scalar...scalar)
    if foldsCase {
      guard scalar < 0x80 else { throw PatternError("a letter beyond ASCII without case") }
      scalars.foldCase()
    }
    return scalars
  }

  private mutating func group() throws(PatternError) -> PatternNode {
    var look: Bool?
    let outerFold = foldsCase
    if accept("?") {
      if accept("=") {
        look = true
      } else if accept("!") {
        look = false
      } else if accept("i:") {
        foldsCase = true
      } else if accept("i)") {
        foldsCase = true
        return .empty
      } else if !accept(":") {
        throw PatternError("a group that starts with \"(?\(spelled(2))\"")
      }
    }
    let inner = try alternatives()
    foldsCase = outerFold
    guard accept(")") else { throw PatternError("a \"(\" without its \")\"") }
    return look.map { .look(inner, isPositive: $0) } ?? inner
  }

  /// The next `count` characters, for messages.
  func spelled(_ count: Int) -> String {
    String(String.UnicodeScalarView(text[place...].prefix(count).compactMap(Unicode.Scalar.init)))
  }
}
