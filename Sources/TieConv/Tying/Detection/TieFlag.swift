// The flag as it takes effect, with the place that it comes from.

/// What the config, or failing that the architecture, says about the tie.
public struct TieFlag: Sendable, Equatable {
  /// The value in effect; nil where nobody knows.
  public let effective: Bool?
  /// Where the value comes from, in words.
  public let source: String?
  /// What each level of the config states, outermost first.
  public let statements: [ModelConfig.FlagStatement]
  /// Whether two levels state different values.
  public let isSplit: Bool
  /// Whether the architecture ties whatever the flag says (T5 and its kin). Its flag then has
  /// another meaning and is not to be touched.
  public let isForced: Bool
  /// Whether a stored false only switches off a scale of the logits (T5, LongT5), unless the config
  /// states that scale by itself.
  public let switchesScale: Bool

  /// Reads the flag of `config` for an architecture of `convention`.
  public init(config: ModelConfig?, convention: TieConvention?) {
    let statements = config?.flagStatements ?? []
    self.statements = statements
    let rule = convention?.flagRule ?? .read
    isForced = rule == .forcedTrue || rule == .forcedTrueScale
    switchesScale =
      rule == .forcedTrueScale && config?.root["scale_decoder_outputs"]?.bool == nil
    isSplit = !isForced && Set(statements.map(\.value)).count > 1
    if isForced {
      effective = true
      source = "\(convention?.architecture ?? "the architecture") always ties"
      return
    }
    if rule == .aliasTieEmbedding, let value = config?.root["tie_embedding"]?.bool {
      effective = value
      source = "tie_embedding"
      return
    }
    let outer = statements.first { $0.depth == 0 }
    let inner = statements.last { $0.depth > 0 }
    if let outer {
      let value = rule.effective(outer: outer.value, inner: inner?.value) ?? outer.value
      effective = value
      source = value == outer.value ? outer.path : inner?.path ?? outer.path
    } else if let inner {
      effective = inner.value
      source = inner.path
    } else {
      (effective, source) = Self.unstated(convention)
    }
  }

  /// The value where the config is silent.
  private static func unstated(_ convention: TieConvention?) -> (Bool?, String?) {
    guard let convention else { return (nil, nil) }
    if let value = convention.flagDefault {
      return (value, "default of \(convention.architecture) in transformers 5")
    }
    if let value = convention.transformers4FlagDefault {
      return (value, "default of \(convention.architecture) in transformers 4")
    }
    return (nil, nil)
  }

  /// The flag as it takes effect for files with this verdict: an architecture that always ties
  /// yields where the two stored matrices differ and its config says false.
  func yielding(to verdict: TieVerdict) -> TieFlag {
    guard isForced, verdict == .untied, let statement = statements.first(where: { !$0.value })
    else { return self }
    return TieFlag(
      effective: false, source: "\(statement.path), and two different matrices",
      statements: statements, isSplit: false, isForced: true, switchesScale: switchesScale)
  }

  /// A flag that nothing states: `source` says what speaks in its stead.
  init(effective: Bool?, source: String?) {
    self.init(
      effective: effective, source: source, statements: [], isSplit: false, isForced: false,
      switchesScale: false)
  }

  private init(
    effective: Bool?, source: String?, statements: [ModelConfig.FlagStatement], isSplit: Bool,
    isForced: Bool, switchesScale: Bool
  ) {
    self.effective = effective
    self.source = source
    self.statements = statements
    self.isSplit = isSplit
    self.isForced = isForced
    self.switchesScale = switchesScale
  }

  /// Where two levels state different values: which of them wins.
  var splitNote: String? {
    guard isSplit, let effective, let source else { return nil }
    return "the levels of config.json disagreed; \(source) wins (\(effective)), and now all agree"
  }

  /// Whether the value in effect is stated by the config itself.
  public var isStated: Bool { !statements.isEmpty }
}
