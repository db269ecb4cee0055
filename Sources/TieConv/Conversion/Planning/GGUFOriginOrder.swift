// The tensors of a GGUF file that is made again, held against those of the one it came from.

/// What a record says of each tensor of an output.
struct GGUFOriginOrder {
  private let places: [TokenText: (place: Int, type: GGMLType)]
  /// Of the output's tensors, the names that the folder has for them.
  private let names: [String: String]

  init(_ origin: GGUFOrigin, names: [String: String]) {
    self.names = names
    places = Dictionary(
      origin.tensors.enumerated().map { (TokenText($1.name), ($0, $1.type)) },
      uniquingKeysWith: { first, _ in first })
  }

  private func recorded(_ recipe: TensorRecipe) -> (place: Int, type: GGMLType)? {
    places[TokenText(names[recipe.name] ?? recipe.name)]
  }

  /// `recipes` in the order of the original; others stay behind.
  func ordered(_ recipes: [TensorRecipe]) -> [TensorRecipe] {
    recipes.enumerated().map { number, recipe in
      (recorded(recipe)?.place ?? Int.max, number, recipe)
    }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
  }

  /// Whether each of `recipes` has the type that the original stored it in.
  func hasTypes(of recipes: [TensorRecipe]) -> Bool {
    recipes.allSatisfy { recorded($0)?.type == GGMLType($0.dtype) }
  }
}
