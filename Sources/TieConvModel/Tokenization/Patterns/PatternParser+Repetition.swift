// Repetitions: `*`, `+`, `?`, `{n,m}`, and their lazy and possessive forms.

extension PatternParser {
  /// `atom` with the repetition that follows it, if one does.
  mutating func repeated(_ atom: PatternNode) throws(PatternError) -> PatternNode {
    var node = atom
    while let (minimum, maximum, isInterval) = try repetition() {
      var greed = PatternNode.Greed.greedy
      if accept("?") {
        if isInterval, minimum == maximum { throw PatternError("\"{n}?\"") }
        greed = .lazy
      } else if !isInterval, accept("+") {
        greed = .possessive
      }
      if case .scalars = node {
      } else {
        if node.isNullable, maximum != 1 {
          throw PatternError("a repetition of a group that may match nothing")
        }
        if greed == .possessive { throw PatternError("a possessive repetition of a group") }
      }
      node = .repeated(node, minimum: minimum, maximum: maximum, greed)
    }
    return node
  }

  private mutating func repetition() throws(PatternError) -> (Int, Int?, isInterval: Bool)? {
    if accept("*") { return (0, nil, false) }
    if accept("+") { return (1, nil, false) }
    if accept("?") { return (0, 1, false) }
    guard next == 0x7B else { return nil }
    let start = place
    place += 1
    let minimum = try number()
    var maximum = minimum
    if accept(",") { maximum = try number() }
    // Braces that are no interval are characters, but none has been seen in a tokenizer.
    guard accept("}"), minimum != nil || maximum != nil else {
      place = start
      throw PatternError("the braces \"\(spelled(8))\"")
    }
    if let maximum, maximum < minimum ?? 0 { throw PatternError("an interval that is empty") }
    return (minimum ?? 0, maximum, true)
  }

  private mutating func number() throws(PatternError) -> Int? {
    var value: Int?
    while let scalar = next, (0x30...0x39).contains(scalar) {
      value = (value ?? 0) * 10 + Int(scalar - 0x30)
      if let value, value > Self.maximumCount { throw PatternError("a repetition that long") }
      place += 1
    }
    return value
  }
}
