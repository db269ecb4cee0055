// What one architecture does with its vocabulary matrices: which names, which flag, which scales.

/// The tying convention of one model class, as transformers declares it.
public struct TieConvention: Hashable, Sendable {
  /// The class name in `architectures`, for example `LlamaForCausalLM`.
  public let architecture: String
  /// `model_type` of its config class.
  public let modelType: String?
  /// What an absent `tie_word_embeddings` means in transformers 5; nil where the config class does
  /// not declare the field, which the loader then treats as false.
  public let flagDefault: Bool?
  /// What an absent flag meant in transformers 4, or nil where that release lacks the class.  Its
  /// base class filled in true unless the config class said otherwise.
  public let transformers4FlagDefault: Bool?
  /// How transformers 5 turns stored values into the effective flag.
  public let flagRule: FlagRule
  /// The declared ties, in declared order, in in-memory names.
  public let ties: [Tie]
  /// Ties that hold instead of `ties` while a config field is true (Marian's
  /// `share_encoder_decoder_embeddings`; true by default there).
  public let conditionalTies: ConditionalTies?
  /// Linear layers onto the vocabulary.
  public let heads: [Head]
  /// Vocabulary tables found in the class, in in-memory names.
  public let embeddings: [String]
  /// Factors, caps and biases that live on one side of the tie.
  public let roleScales: [RoleScale]
  /// Other names under which a parameter is stored.
  public let storedSpellings: [StoredSpelling]
  /// Nested configs that may carry a flag of their own, outermost first.
  public let textConfigs: [TextConfig]

  /// Whether the class has no output head at all: an encoder or an embedding model.
  public var isHeadless: Bool {
    heads.isEmpty && !ties.contains { $0.kind.involvesHead }
      && !(conditionalTies?.ties.contains { $0.kind.involvesHead } ?? false)
  }

  /// Whether a true flag ties the head to an embedding.  Some classes have both and never tie.
  public var tiesHead: Bool {
    ties.contains { $0.kind == .headFromEmbedding || $0.kind == .embeddingFromHead }
  }

  /// Where the head's bias comes from, for the first head.
  public var headBias: HeadBias { heads.first?.bias ?? .absent }

  /// The class default of a transformers generation.
  public func flagDefault(_ generation: TransformersGeneration) -> Bool? {
    switch generation {
    case .four: transformers4FlagDefault
    case .five: flagDefault
    }
  }
}

/// The two generations of defaults that are in use.
public enum TransformersGeneration: Int, Sendable, CaseIterable {
  case four = 4
  case five = 5
}

extension TieConvention {
  /// One declared tie: `target` takes the matrix of `source`.
  public struct Tie: Hashable, Sendable {
    /// What a tie joins.
    public enum Kind: Character, Hashable, Sendable {
      case headFromEmbedding = "h"
      /// The head owns the matrix.
      case embeddingFromHead = "r"
      /// Encoder and decoder share one table.
      case embeddingFromEmbedding = "e"
      case headFromHead = "x"
      case bias = "b"
      /// Layers, detection heads, position tables: reported by nobody, acted on by nobody.
      case other = "o"

      var involvesHead: Bool { self == .headFromEmbedding || self == .embeddingFromHead }
    }
    /// What it joins.
    public let kind: Kind
    /// The name that takes the matrix.
    public let target: String
    /// The name that owns it.
    public let source: String

    /// Whether a side is a regular expression or a module instead of a parameter name.
    public var isPattern: Bool { [target, source].contains(where: TieConvention.isPattern) }
  }

  /// Ties that apply while `field` of the config is true.
  public struct ConditionalTies: Hashable, Sendable {
    /// The config field.
    public let field: String
    /// The ties.
    public let ties: [Tie]
  }

  /// A linear layer onto the vocabulary.
  public struct Head: Hashable, Sendable {
    /// The weight's name.
    public let weight: String
    /// Whether it has a bias.
    public let bias: HeadBias
  }

  /// Whether a head has a bias.
  public enum HeadBias: Hashable, Sendable {
    case absent
    case present
    /// A config field decides; nil where the class computes it.
    case field(String?)
  }

  /// Names on disk that become `parameter` in memory, in no preference.
  public struct StoredSpelling: Hashable, Sendable {
    /// The name in memory.
    public let parameter: String
    /// The names on disk.
    public let stored: [String]
  }

  /// A nested config with a flag of its own.
  public struct TextConfig: Hashable, Sendable {
    /// The key in config.json.
    public let path: String
    /// The default of the nested config class; nil: not declared, or the class is chosen by the
    /// nested `model_type`.
    public let flagDefault: Bool?
    /// The same in transformers 4.
    public let transformers4FlagDefault: Bool?
    /// The `model_type` that stands there unless the file names another.
    public let modelType: String?
  }

  /// Whether a name of the tie map is not simply a parameter's name.
  static func isPattern(_ name: String) -> Bool {
    let plain = name.utf8.allSatisfy {
      switch $0 {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E: true
      default: false
      }
    }
    return !plain || !(name.hasSuffix("weight") || name.hasSuffix("bias"))
  }
}
