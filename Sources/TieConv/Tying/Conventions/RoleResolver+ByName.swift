// Architectures that the table does not know: one table and one head by component name and shape,
// or nothing and the reason.

extension RoleResolver {
  /// The main group by name and shape.
  static func byName(
    _ inventory: Inventory, _ scan: VocabularyScan, headless: Bool
  ) -> (group: ResolvedGroup?, problem: String?) {
    var tables = matrices(.embedding, inventory, scan)
    var heads = headless ? [] : matrices(.head, inventory, scan)
    if tables.count > 1, let head = heads.first {
      let paired = tables.filter { isPair($0, head, inventory) }
      if !paired.isEmpty { tables = paired }
    }
    if tables.count > 1 { tables = outermost(tables) }
    if let table = tables.first, tables.count == 1 {
      heads = heads.filter { isPair(table, $0, inventory) }
      if heads.count > 1 { heads = outermost(heads) }
    }
    if tables.isEmpty, heads.isEmpty {
      return (nil, "no tensor has the name of a token embedding or an output head")
    }
    if tables.count > 1 { return (nil, ambiguous("token embedding", tables)) }
    if heads.count > 1 { return (nil, ambiguous("output head", heads)) }
    let members =
      tables.map { member(.embedding, $0.stem + ".weight", inventory) }
      + heads.map { member(.head, $0.stem + ".weight", inventory) }
    let group = ResolvedGroup(
      kind: .vocabulary, members: members, canonicalEmbedding: tables.first?.main,
      canonicalHead: heads.first?.main, isMain: true, isDeclared: false)
    return (group, nil)
  }

  private static func matrices(
    _ role: TensorRole, _ inventory: Inventory, _ scan: VocabularyScan
  ) -> [TensorFamily] {
    scan.stems(role).compactMap { stem in
      guard !VocabularyComponents.isForeign(stem), let family = inventory.family(stem),
        let main = family.main, inventory.shapeOf(main).map({ $0.count == 2 }) ?? true
      else { return nil }
      return family
    }
  }

  /// Whether two matrices can share a vocabulary: equal hidden size, in either orientation.  Packed
  /// shapes say nothing about it.
  static func isPair(
    _ left: TensorFamily?, _ right: TensorFamily?, _ inventory: Inventory
  ) -> Bool {
    guard let first = left?.main, let second = right?.main else { return false }
    guard let a = inventory.shapeOf(first), let b = inventory.shapeOf(second) else { return true }
    if left?.isQuantized == true || right?.isQuantized == true { return true }
    guard a.count == 2, b.count == 2 else { return false }
    return a[1] == b[1] || a == [b[1], b[0]]
  }

  /// The shortest path where one is shorter than all others.
  private static func outermost(_ families: [TensorFamily]) -> [TensorFamily] {
    let depths = families.map { $0.stem.utf8.count { $0 == 0x2E } }
    let least = depths.min() ?? 0
    return zip(families, depths).filter { $0.1 == least }.map(\.0)
  }

  private static func ambiguous(_ what: String, _ families: [TensorFamily]) -> String {
    let names = families.prefix(3).map { TensorName.escaped($0.main ?? $0.stem) }
    return "more than one tensor could be the \(what): " + names.joined(separator: ", ")
  }

  /// Tables and heads of extra prediction layers, one group a layer.
  static func predictionLayers(
    _ inventory: Inventory, _ scan: VocabularyScan
  ) -> [ResolvedGroup] {
    var order: [String] = []
    var byLayer: [String: [ResolvedMember]] = [:]
    for candidate in scan.candidates where candidate.isNested {
      guard !VocabularyComponents.isForeign(candidate.stem),
        let family = inventory.family(candidate.stem), let main = family.main,
        let layer = predictionLayer(candidate.stem)
      else { continue }
      if byLayer[layer] == nil { order.append(layer) }
      byLayer[layer, default: []].append(
        ResolvedMember(role: candidate.role, name: main, stored: true, family: family))
    }
    return order.map { layer in
      let members = byLayer[layer] ?? []
      return ResolvedGroup(
        kind: .multiTokenPrediction, members: members,
        canonicalEmbedding: members.first { $0.role == .embedding }?.name,
        canonicalHead: members.first { $0.role == .head }?.name, isMain: false,
        isDeclared: false)
    }
  }

  /// The path of the prediction layer: up to its number, or to `mtp`.
  private static func predictionLayer(_ stem: String) -> String? {
    let parts = stem.split(separator: ".")
    let isExtra = parts.contains { $0 == "mtp" || $0 == "nextn" || $0 == "shared_head" }
    let number = parts.lastIndex { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    let last = parts.last
    guard isExtra || last == "embed_tokens" || last == "lm_head" else { return nil }
    let end = number ?? parts.firstIndex { $0 == "mtp" || $0 == "nextn" }
    return end.map { parts[...$0].joined(separator: ".") }
  }
}
