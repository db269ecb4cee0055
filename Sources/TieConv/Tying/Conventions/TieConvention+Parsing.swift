// Reads one line of the generated table.  Fields are separated by spaces:
// architecture, model_type (- none), defaults of transformers 5 and 4 (t f -), flag rule, then
// T=ties  T?field=ties while field is true  H=heads  E=embeddings  S=scales  D=stored spellings
// C=nested configs.  A tie is kind:target<source; a head ends in ! (bias) or ?field; `std` stands
// for the commonest value of its field.

extension TieConvention {
  /// The convention of a table line, or nil for a line that is not one.
  init?(line: Substring) {
    let fields = line.split(separator: " ")
    guard fields.count >= 4, fields[2].utf8.count == 2,
      let rule = FlagRule(rawValue: String(fields[3]))
    else { return nil }
    architecture = String(fields[0])
    modelType = TieConvention.optional(fields[1])
    flagDefault = TieConvention.flag(fields[2].first)
    transformers4FlagDefault = TieConvention.flag(fields[2].last)
    flagRule = rule

    var ties: [Tie] = []
    var conditional: ConditionalTies?
    var heads: [Head] = []
    var embeddings: [String] = []
    var scales: [RoleScale] = []
    var spellings: [StoredSpelling] = []
    var nested: [TextConfig] = []
    for field in fields.dropFirst(4) {
      guard let equals = field.firstIndex(of: "=") else { return nil }
      let key = field[..<equals]
      let values = field[field.index(after: equals)...].split(separator: ",")
      switch key.first {
      case "T" where key.count > 1:
        conditional = ConditionalTies(
          field: String(key.dropFirst(2)), ties: values.compactMap(TieConvention.tie))
      case "T": ties = values.compactMap(TieConvention.tie)
      case "H": heads = values.map(TieConvention.head)
      case "E": embeddings = values.map { $0 == "std" ? "model.embed_tokens.weight" : String($0) }
      case "S": scales = values.compactMap(RoleScale.init(token:))
      case "D": spellings = values.compactMap(TieConvention.spelling)
      case "C": nested = values.compactMap(TieConvention.textConfig)
      default: return nil
      }
    }
    self.ties = ties
    conditionalTies = conditional
    self.heads = heads
    self.embeddings = embeddings
    roleScales = scales
    storedSpellings = spellings
    textConfigs = nested
  }

  private static func optional(_ field: Substring) -> String? {
    field == "-" ? nil : String(field)
  }

  private static func flag(_ letter: Character?) -> Bool? {
    switch letter {
    case "t": true
    case "f": false
    default: nil
    }
  }

  private static func tie(_ token: Substring) -> Tie? {
    if token == "std" {
      return Tie(
        kind: .headFromEmbedding, target: "lm_head.weight", source: "model.embed_tokens.weight")
    }
    guard let kind = token.first.flatMap(Tie.Kind.init(rawValue:)),
      let arrow = token.firstIndex(of: "<")
    else { return nil }
    return Tie(
      kind: kind, target: String(token[..<arrow].dropFirst(2)),
      source: String(token[token.index(after: arrow)...]))
  }

  private static func head(_ token: Substring) -> Head {
    if token == "std" { return Head(weight: "lm_head.weight", bias: .absent) }
    if token.last == "!" { return Head(weight: String(token.dropLast()), bias: .present) }
    guard let mark = token.firstIndex(of: "?") else {
      return Head(weight: String(token), bias: .absent)
    }
    let field = token[token.index(after: mark)...]
    return Head(
      weight: String(token[..<mark]), bias: .field(field.isEmpty ? nil : String(field)))
  }

  private static func spelling(_ token: Substring) -> StoredSpelling? {
    guard let equals = token.firstIndex(of: "=") else { return nil }
    let stored = token[equals...].dropFirst(2).split(separator: "|").map(String.init)
    return StoredSpelling(parameter: String(token[..<equals]), stored: stored)
  }

  private static func textConfig(_ token: Substring) -> TextConfig? {
    let parts = token.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    return TextConfig(
      path: String(parts[0]), flagDefault: flag(parts[1].first),
      transformers4FlagDefault: flag(parts[1].last), modelType: optional(parts[2]))
  }
}

extension RoleScale {
  /// `e:sqrt?field`, `e:*field`, `h:/field`, `h:rsqrt?field`, `c:field`, `b:name`.
  init?(token: Substring) {
    let body = token.dropFirst(2)
    let condition = body.firstIndex(of: "?").map { String(body[body.index(after: $0)...]) }
    side = token.first == "e" ? .embedding : .head
    switch (token.first, body.first) {
    case ("c", _): form = .softCap(field: String(body))
    case ("b", _): form = .biasBuffer(name: String(body))
    case (_, "*"): form = .times(field: String(body.dropFirst()))
    case (_, "/"):
      let parts = body.dropFirst().split(separator: ":")
      form =
        parts.count == 2
        ? .dividedByQuotient(numerator: String(parts[0]), denominator: String(parts[1]))
        : .divided(field: String(body.dropFirst()))
    case (_, "s"): form = .sqrtHidden(switch: condition)
    case (_, "r"): form = .inverseSqrtHidden(switch: condition)
    default: return nil
    }
  }
}
