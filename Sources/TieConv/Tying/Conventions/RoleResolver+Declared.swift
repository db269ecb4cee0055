// Groups from the declared ties: each connected set of names is one group.

extension RoleResolver {
  /// One name of a declared group, still in memory spelling.
  private struct Entry {
    let parameter: String
    let role: TensorRole
  }

  /// The groups of a known architecture of which at least one member is stored.
  static func declared(
    _ convention: TieConvention, _ inventory: Inventory, _ scan: VocabularyScan,
    conditionHolds: Bool
  ) -> [ResolvedGroup] {
    let sets = connectedSets(convention, conditionHolds: conditionHolds)
    let speller = Speller(convention: convention, inventory: inventory)
    var groups: [ResolvedGroup] = []
    for (entries, isDeclared) in sets {
      let isVocabulary = entries[0].role != .bias
      let isMain =
        isVocabulary && !groups.contains(where: \.isMain)
        && (convention.isHeadless || entries.contains { $0.role == .head })
      let group = group(
        entries, speller, inventory, isVocabulary && isMain ? scan : nil, isMain: isMain,
        isDeclared: isDeclared)
      if group.members.contains(where: \.stored) { groups.append(group) }
    }
    return groups
  }

  /// The members with the names that they have in this checkpoint.
  private static func group(
    _ entries: [Entry], _ speller: Speller, _ inventory: Inventory, _ scan: VocabularyScan?,
    isMain: Bool, isDeclared: Bool
  ) -> ResolvedGroup {
    let partner = entries.map(\.parameter).first { speller.storedName($0) != nil }
    var members = entries.map { entry in
      let name = speller.storedName(entry.parameter)
      return member(
        entry.role, name ?? speller.expectedName(entry.parameter, partner: partner), inventory)
    }
    if let scan { adopt(into: &members, scan, inventory) }
    let embedding = members.first { $0.role == .embedding }
    let head = members.first { $0.role == .head }
    return ResolvedGroup(
      kind: entries[0].role == .bias ? .bias : .vocabulary, members: members,
      canonicalEmbedding: embedding?.name, canonicalHead: head?.name, isMain: isMain,
      isDeclared: isDeclared)
  }

  static func member(
    _ role: TensorRole, _ name: String, _ inventory: Inventory
  ) -> ResolvedMember {
    if role == .bias {
      return ResolvedMember(
        role: role, name: name, stored: inventory.isStored(name), family: nil)
    }
    let family = TensorName(name).module.flatMap { inventory.family(String($0)) }
    return ResolvedMember(
      role: role, name: family?.main ?? name, stored: family?.main != nil, family: family)
  }

  /// A side that is stored under a name that no table foresaw, when exactly one tensor can be it.
  private static func adopt(
    into members: inout [ResolvedMember], _ scan: VocabularyScan, _ inventory: Inventory
  ) {
    for role in [TensorRole.embedding, .head] {
      let own = members.indices.filter { members[$0].role == role }
      guard let first = own.first, !own.contains(where: { members[$0].stored }),
        let partner = members.first(where: { $0.stored })
      else { continue }
      let stems = scan.stems(role).filter { stem in
        !VocabularyComponents.isForeign(stem)
          && isPair(inventory.matrix(stem + ".weight"), partner.family, inventory)
      }
      if stems.count == 1 { members[first] = member(role, stems[0] + ".weight", inventory) }
    }
  }

  /// Ties joined into connected sets, sources first, and the pair of a class that declares none.
  private static func connectedSets(
    _ convention: TieConvention, conditionHolds: Bool
  ) -> [(entries: [Entry], isDeclared: Bool)] {
    let conditional = conditionHolds ? convention.conditionalTies?.ties : nil
    var sets: [[Entry]] = []
    for tie in conditional ?? convention.ties where tie.kind != .other {
      guard let pair = entries(of: tie) else { continue }
      let joined = sets.indices.filter { index in
        sets[index].contains { entry in pair.contains { $0.parameter == entry.parameter } }
      }
      let old = joined.flatMap { sets[$0] }
      for index in joined.reversed() { sets.remove(at: index) }
      let fresh = pair.filter { new in !old.contains { $0.parameter == new.parameter } }
      sets.insert(old + fresh, at: min(joined.first ?? sets.count, sets.count))
    }
    var result = sets.map { (entries: $0, isDeclared: true) }
    if !sets.contains(where: { $0.contains { $0.role == .head } }) {
      result += undeclaredPair(convention, sets).map { ($0, false) }
    }
    return result
  }

  /// Table and head of a class that has both and ties neither, or the table of a headless class.
  private static func undeclaredPair(
    _ convention: TieConvention, _ sets: [[Entry]]
  ) -> [[Entry]] {
    let table = convention.embeddings.first { !VocabularyComponents.isForeign($0) }
    guard let table, !sets.contains(where: { $0.contains { $0.parameter == table } }) else {
      return []
    }
    let head = convention.heads.first.map { [Entry(parameter: $0.weight, role: .head)] } ?? []
    return [[Entry(parameter: table, role: .embedding)] + head]
  }

  /// Source and target of a tie; a module becomes its weight, a regular expression nothing.
  private static func entries(of tie: TieConvention.Tie) -> [Entry]? {
    let names = [tie.source, tie.target].map { name in
      TieConvention.isPattern(name) ? name + ".weight" : name
    }
    guard !names.contains(where: TieConvention.isPattern) else { return nil }
    let roles: (TensorRole, TensorRole)
    switch tie.kind {
    case .headFromEmbedding: roles = (.embedding, .head)
    case .embeddingFromHead: roles = (.head, .embedding)
    case .embeddingFromEmbedding: roles = (.embedding, .embedding)
    case .headFromHead: roles = (.head, .head)
    case .bias: roles = (.bias, .bias)
    case .other: return nil
    }
    return [
      Entry(parameter: names[0], role: roles.0), Entry(parameter: names[1], role: roles.1),
    ]
  }
}
