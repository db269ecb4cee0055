// In-memory parameter names to names on disk: wrappers (`module.`), a base-model prefix that is
// there or not, and the renames that transformers applies on load and undoes on save.

/// The spelling that one checkpoint uses for the names of its architecture.
struct Speller {
  private let convention: TieConvention
  private let inventory: RoleResolver.Inventory
  private let wrapper: String
  private let dropsBase: Bool
  private let base: String?

  /// Prefixes that data-parallel and compiled wrappers leave behind.
  private static let wrappers = ["", "module.", "_orig_mod.", "module._orig_mod."]

  init(convention: TieConvention, inventory: RoleResolver.Inventory) {
    self.convention = convention
    self.inventory = inventory
    let parameters = Speller.matrixNames(convention)
    let base = Speller.baseComponent(convention)
    self.base = base
    var best = (wrapper: "", dropsBase: false, score: 0)
    for wrapper in Speller.wrappers {
      for dropsBase in base == nil ? [false] : [false, true] {
        let score = parameters.count { parameter in
          Speller.spellings(parameter, convention).contains { spelling in
            let name = Speller.compose(
              spelling, wrapper: wrapper, base: dropsBase ? base : nil)
            return inventory.matrix(name) != nil
          }
        }
        if score > best.score { best = (wrapper, dropsBase, score) }
      }
    }
    wrapper = best.wrapper
    dropsBase = best.dropsBase
  }

  /// The name under which a parameter is stored, or nil.
  func storedName(_ parameter: String) -> String? {
    Speller.spellings(parameter, convention).map(spell).first { name in
      name.hasSuffix("bias") ? inventory.isStored(name) : inventory.matrix(name) != nil
    }
  }

  /// The name that an absent parameter would have beside its stored partner.
  func expectedName(_ parameter: String, partner: String?) -> String {
    let alternates = alternates(parameter).map(spell)
    guard let partner, let stored = storedName(partner), !alternates.isEmpty else {
      return spell(parameter)
    }
    let partnerIsInMemory = stored == spell(partner)
    if partnerIsInMemory, !self.alternates(partner).isEmpty { return spell(parameter) }
    return alternates.max { left, right in
      rank(left, beside: stored) < rank(right, beside: stored)
    } ?? spell(parameter)
  }

  /// Spellings whose surroundings are stored first, the deepest of them, then those that share most
  /// with the partner.
  private func rank(_ name: String, beside partner: String) -> Int {
    let parts = name.split(separator: ".")
    let parents = parts.dropLast(2)
    let parent = parents.joined(separator: ".")
    let shared = zip(parts, partner.split(separator: ".")).prefix { $0 == $1 }.count
    let isAtHome = parent.isEmpty || inventory.hasName(under: parent + ".")
    return (isAtHome ? 1000 * (1 + parents.count) : 0) + shared
  }

  private func spell(_ parameter: String) -> String {
    Speller.compose(parameter, wrapper: wrapper, base: dropsBase ? base : nil)
  }

  private func alternates(_ parameter: String) -> [String] {
    convention.storedSpellings.first { $0.parameter == parameter }?.stored ?? []
  }

  private static func spellings(_ parameter: String, _ convention: TieConvention) -> [String] {
    [parameter] + (convention.storedSpellings.first { $0.parameter == parameter }?.stored ?? [])
  }

  private static func compose(_ name: String, wrapper: String, base: String?) -> String {
    guard let base, name.hasPrefix(base + ".") else { return wrapper + name }
    return wrapper + name.dropFirst(base.utf8.count + 1)
  }

  /// `model`, `transformer`, `bert`…: the attribute that holds the headless model.
  private static func baseComponent(_ convention: TieConvention) -> String? {
    let table =
      convention.ties.first { $0.kind == .headFromEmbedding }?.source
      ?? convention.embeddings.first
    guard let parts = table?.split(separator: "."), parts.count > 2 else { return nil }
    return String(parts[0])
  }

  private static func matrixNames(_ convention: TieConvention) -> [String] {
    let tied = convention.ties + (convention.conditionalTies?.ties ?? [])
    let names =
      tied.filter { $0.kind != .other && $0.kind != .bias }.flatMap { [$0.source, $0.target] }
      + convention.heads.map(\.weight) + convention.embeddings
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }
}
