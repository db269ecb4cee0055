// Finds the convention of an architecture in the generated table.

/// What transformers declares for every class that ties, or could tie, parameters.
public enum TieConventions {
  /// The convention of a class name in `architectures`.
  public static func convention(architecture: String) -> TieConvention? {
    TextTable(text: table).line(column: 0, key: architecture).flatMap(TieConvention.init(line:))
  }

  /// The convention of the class that generates text for this `model_type`; where a type has
  /// several classes, the causal one, then the conditional, then the masked one.
  public static func convention(modelType: String) -> TieConvention? {
    TextTable(text: table).lines(column: 1, key: modelType)
      .compactMap(TieConvention.init(line:))
      .min { rank($0) < rank($1) }
  }

  /// The convention for a config that names both.  A class outside the table that by its name has
  /// no vocabulary head (`BertModel`, `…ForSequenceClassification`) gets its family's convention
  /// without one.
  public static func convention(architecture: String?, modelType: String?) -> TieConvention? {
    if let architecture, let exact = convention(architecture: architecture) { return exact }
    guard let family = modelType.flatMap(convention(modelType:)) else { return nil }
    guard let architecture else { return family }
    return isHeadlessName(architecture) ? family.withoutHead(architecture: architecture) : nil
  }

  /// Every convention, parsed; for listings and tests.
  public static var all: [TieConvention] {
    TextTable(text: table).allLines.compactMap(TieConvention.init(line:))
  }

  /// Whether a class name says that there is no head onto the vocabulary.
  public static func isHeadlessName(_ architecture: String) -> Bool {
    let tasks = [
      "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering",
      "ForMultipleChoice", "ForNextSentencePrediction", "EncoderModel", "TextEncoder",
    ]
    if tasks.contains(where: architecture.hasSuffix) { return true }
    let heads = ["LMHeadModel", "LMModel", "MTModel", "DoubleHeadsModel"]
    return architecture.hasSuffix("Model") && !heads.contains(where: architecture.hasSuffix)
  }

  private static func rank(_ convention: TieConvention) -> Int {
    let order = [
      "ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "MTModel", "ForMaskedLM",
    ]
    let place = order.firstIndex(where: convention.architecture.hasSuffix) ?? order.count
    return convention.isHeadless ? place + 100 : place
  }
}

extension TieConvention {
  /// The same family seen from a class that has no head.
  func withoutHead(architecture name: String) -> TieConvention {
    TieConvention(
      architecture: name, modelType: modelType, flagDefault: flagDefault,
      transformers4FlagDefault: transformers4FlagDefault, flagRule: flagRule,
      ties: ties.filter { $0.kind == .embeddingFromEmbedding }, conditionalTies: nil, heads: [],
      embeddings: embeddings.isEmpty ? sharedSources : embeddings, roleScales: roleScales,
      storedSpellings: storedSpellings, textConfigs: textConfigs)
  }

  /// Sources of the head's ties: the tables, where the class scan named none.
  var sharedSources: [String] {
    ties.filter { $0.kind == .headFromEmbedding }.map(\.source)
  }
}
