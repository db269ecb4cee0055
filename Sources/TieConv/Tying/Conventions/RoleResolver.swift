// Which stored tensors play which role: the architecture's declared names first, in every spelling
// that checkpoints use, then known component names with shapes.  Never a substring, never a guess
// between two candidates.

/// Finds the tie groups of a checkpoint.
public enum RoleResolver {
  /// Everything that the resolver may ask about a checkpoint.
  struct Inventory {
    let names: [String]
    let isStored: (String) -> Bool
    let shapeOf: (String) -> [Int]?

    func family(_ stem: String) -> TensorFamily? { TensorFamily(stem: stem, isStored: isStored) }

    /// The family behind a parameter name, if its matrix itself is stored.
    func matrix(_ parameter: String) -> TensorFamily? {
      guard let module = TensorName(parameter).module else { return nil }
      let family = family(String(module))
      return family?.main == nil ? nil : family
    }

    func hasName(under prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
  }

  /// The tie groups of a checkpoint, main group first.
  ///
  /// - Parameters:
  ///   - convention: what the architecture declares; nil where it is unknown.
  ///   - names: all stored tensor names; read once, linearly.
  ///   - isStored: membership, by preference constant time.
  ///   - shapeOf: the shape of a stored tensor.
  ///   - conditionHolds: the value of the config field that `conditionalTies` names.
  /// - Returns: the groups, or why there are none.
  public static func resolve(
    convention: TieConvention?, names: [String], isStored: (String) -> Bool,
    shapeOf: (String) -> [Int]?, conditionHolds: Bool = true
  ) -> RoleResolution {
    withoutActuallyEscaping(isStored) { isStored in
      withoutActuallyEscaping(shapeOf) { shapeOf in
        let inventory = Inventory(names: names, isStored: isStored, shapeOf: shapeOf)
        let scan = VocabularyScan(names: names)
        var groups: [ResolvedGroup] = []
        if let convention {
          groups = declared(convention, inventory, scan, conditionHolds: conditionHolds)
        }
        var problem: String?
        if !groups.contains(where: \.isMain) {
          let found = byName(inventory, scan, headless: convention?.isHeadless ?? false)
          problem = found.problem
          groups = (found.group.map { [$0] } ?? []) + groups
        }
        groups += predictionLayers(inventory, scan)
        groups.sort { $0.isMain && !$1.isMain }
        return RoleResolution(groups: groups, problem: problem)
      }
    }
  }
}
