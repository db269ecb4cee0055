// What says "tied" in a GGUF model: no flag, only whether a head is stored, and what llama.cpp's
// loader for the architecture makes of that.

/// The tie of a GGUF model.
struct GGUFTie: Sendable {
  /// The names under which llama.cpp looks for the two matrices.
  static let embeddingName = "token_embd.weight"
  static let headName = "output.weight"

  /// `general.architecture`.
  let architecture: String?
  /// What the architecture's loader allows.
  let policy: GGUFTiePolicy
  private let isStored: @Sendable (String) -> Bool

  /// Nil where `checkpoint` is no GGUF model.
  init?(_ checkpoint: Checkpoint) {
    guard checkpoint.isGGUF else { return nil }
    architecture = checkpoint.ggufMetadata?.architecture
    policy = architecture.flatMap(GGUFTiePolicy.init(architecture:)) ?? .unknown
    let locations = checkpoint.locations
    isStored = { locations[$0] != nil }
  }

  private var headStored: Bool { isStored(Self.headName) }
  private var embeddingStored: Bool { isStored(Self.embeddingName) }
  private var shownName: String { architecture.map { "architecture \($0)" } ?? "no architecture" }

  /// Whether a model of this architecture has no head of its own.
  var isHeadless: Bool { policy == .noHead || policy == .optionalWithoutFallback }

  /// Whether a stored head serves as embedding where that is missing.
  var headServesAsEmbedding: Bool { policy == .embeddingFallsBackToOutput }

  /// The flag that llama.cpp acts as if it read.
  var flag: TieFlag {
    switch policy {
    case .alwaysTied: TieFlag(effective: true, source: "\(shownName) always ties")
    case _ where headStored && embeddingStored:
      TieFlag(effective: false, source: "\(Self.headName) is stored")
    case .optional: TieFlag(effective: true, source: "\(Self.headName) is not stored")
    case .embeddingFallsBackToOutput:
      TieFlag(effective: headStored, source: "\(Self.embeddingName) is not stored")
    case .outputRequired:
      TieFlag(effective: false, source: "\(shownName) always reads \(Self.headName)")
    case .noHead, .optionalWithoutFallback, .unknown:
      TieFlag(effective: headStored ? true : nil, source: headStored ? "one matrix" : nil)
    }
  }

  /// The two roles.
  var resolution: RoleResolution {
    guard embeddingStored || headStored else {
      return RoleResolution(
        groups: [], problem: "neither \(Self.embeddingName) nor \(Self.headName) is stored")
    }
    let members = [member(.embedding, Self.embeddingName), member(.head, Self.headName)]
    return RoleResolution(
      groups: [
        ResolvedGroup(
          kind: .vocabulary, members: members, canonicalEmbedding: Self.embeddingName,
          canonicalHead: Self.headName, isMain: true, isDeclared: true)
      ], problem: nil)
  }

  private func member(_ role: TensorRole, _ name: String) -> ResolvedMember {
    let stem = TensorName(name).module.map { String($0) } ?? name
    let family = TensorFamily(stem: stem, isStored: isStored)
    return ResolvedMember(
      role: role, name: name, stored: isStored(name), family: isStored(name) ? family : nil)
  }

  // MARK: Edits

  /// Refuses a tie that llama.cpp would not load.
  func checkTie(_ group: TieGroup, file: String) throws(CheckpointError) {
    switch (policy, group.verdict) {
    case (.optional, _), (.alwaysTied, _), (_, .tied), (_, .noHead): return
    case (.outputRequired, .headMissing):
      throw CheckpointError(
        .conflict, file: file, tensor: Self.headName,
        "HEAD_MISSING: \(shownName) always reads \(Self.headName), which is not stored",
        hint: "if the head is the embedding: tieconv untie stores it as both")
    case (.unknown, _):
      throw CheckpointError(
        .conflict, file: file, tensor: Self.headName,
        "it is not known whether llama.cpp reads this model (\(shownName)) without its head")
    default:
      throw CheckpointError(
        .conflict, file: file, tensor: Self.headName,
        "\(group.verdict.rawValue): llama.cpp does not load \(shownName) without \(Self.headName)",
        hint: "convert it to safetensors to store one matrix")
    }
  }

  /// Refuses a head that llama.cpp would not load.
  func checkUntie(_ group: TieGroup, file: String) throws(CheckpointError) {
    guard policy == .alwaysTied else { return }
    throw CheckpointError(
      .conflict, file: file, tensor: Self.headName,
      "\(group.verdict.rawValue): llama.cpp does not load \(shownName) with \(Self.headName)",
      hint: group.verdict == .tied
        ? "convert it to safetensors to store both matrices"
        : "tie drops an equal copy; tie --keep says which of two different ones wins")
  }
}

extension Checkpoint {
  /// The metadata of a GGUF model: that of its first part.
  public var ggufMetadata: GGUFMetadata? {
    shards.lazy.compactMap(\.gguf?.metadata).first { $0.architecture != nil }
      ?? shards.first?.gguf?.metadata
  }
}
