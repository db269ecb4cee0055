// What an optimizer remembers of each parameter: moments of their own mean that it was trained
// as a parameter of its own.

/// The parameters of an optimizer's state, without its tensors.
public struct OptimizerState: Sendable {
  /// A parameter that the optimizer keeps numbers of.
  public struct Parameter: Sendable, Equatable {
    /// Its name, where the optimizer was given names.
    public let name: String?
    /// The shape of the numbers kept for each of its elements, which is its own.
    public let shape: Shape
    /// What is kept of it, in the optimizer's words: `exp_avg`, `exp_avg_sq`.
    public let moments: [String]
  }

  /// The parameters, in the order of the state.
  public let parameters: [Parameter]

  /// Reads the state dict of an optimizer: `{"state": {index: {…}}, "param_groups": […]}`.
  init?(_ value: PickleValue, _ graph: PickleGraph) {
    guard let state = graph.member("state", of: value), let entries = graph.pairs(state) else {
      return nil
    }
    let names = Self.names(graph.member("param_groups", of: value) ?? .none, graph)
    parameters = entries.compactMap { entry in
      guard let fields = graph.pairs(entry.value) else { return nil }
      var shape: [Int] = []
      var moments: [String] = []
      for field in fields {
        guard case .tensor(let number) = field.value, let name = graph.text(field.key),
          !graph.tensors[number].shape.isEmpty, graph.tensors[number].shape.allSatisfy({ $0 >= 0 })
        else { continue }
        if graph.tensors[number].shape.count >= shape.count { shape = graph.tensors[number].shape }
        moments.append(name)
      }
      guard !moments.isEmpty else { return nil }
      return Parameter(
        name: graph.text(entry.key) ?? names[entry.key], shape: Shape(shape.map { UInt64($0) }),
        moments: moments)
    }
  }

  /// `param_names` of the groups, by the index that `params` gives beside each.
  private static func names(
    _ groups: PickleValue, _ graph: PickleGraph
  ) -> [PickleValue: String] {
    var names: [PickleValue: String] = [:]
    for group in graph.items(groups) ?? [] {
      let indexes = graph.member("params", of: group).flatMap(graph.items) ?? []
      let texts = graph.member("param_names", of: group).flatMap(graph.items) ?? []
      for (index, text) in zip(indexes, texts) { names[index] = graph.text(text) }
    }
    return names
  }
}
