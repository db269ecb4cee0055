// From a GGUF file to a folder for transformers, or for mlx-lm.

internal import TieConvIO

/// Plans the conversion of a GGUF file.
struct GGUFInputPlanner {
  let checkpoint: Checkpoint
  let options: ConvertOptions
  let tie: ConversionTie
  let isForMLX: Bool
  private let metadata: GGUFMetadata
  private let family: ModelFamily

  init(
    _ checkpoint: Checkpoint, _ metadata: GGUFMetadata, _ tie: ConversionTie,
    options: ConvertOptions, isForMLX: Bool
  ) throws(CheckpointError) {
    self.checkpoint = checkpoint
    self.options = options
    self.tie = tie
    self.isForMLX = isForMLX
    self.metadata = metadata
    guard let family = ModelFamily.family(gguf: metadata.architecture ?? "") else {
      let known = ModelFamily.all.filter(\.isReadFromGGUF).map(\.ggufArchitecture)
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path,
        "no conversion from GGUF is known for this architecture",
        found: metadata.architecture ?? "none", expected: known.joined(separator: " "))
    }
    self.family = family
  }

  func plan(name: String) throws(CheckpointError) -> ConversionPlan {
    let main = mainDType
    var recipes: [TensorRecipe] = []
    var dropped = tie.dropped
    for info in checkpoint.tensors where !tie.dropped.contains(info.name) {
      if Self.isRopeFactors(info.name) {
        dropped.append(info.name)
        continue
      }
      recipes += try self.recipes(info)
    }
    let small = try narrowed(recipes, to: main)
    recipes = recipes.map { recipe in
      var recipe = recipe
      recipe.dtype =
        options.dtype ?? (small.contains(recipe.name) ? main : recipe.dtype)
      return recipe
    }
    let naming = MLXNaming(modelType: family.modelType, isMLX: false)
    try checkHead(naming)
    if isForMLX { recipes = recipes.compactMap { naming.renamed($0) } }
    var plan = try SafetensorsLayout(
      layout: .folder, isForMLX: isForMLX, limit: options.shardLimit
    ).plan(recipes, name: name)
    plan.dropped = dropped
    plan.texts += try texts(dtype: options.dtype ?? main)
    var recorded = metadata
    if options.dtype != nil, options.dtype != main {
      recorded[GGUFLayout.fileTypeKey] = .uint32(GGUFLayout.fileType(of: recipes))
    }
    let origin = GGUFOrigin(recorded, tensors: origins(of: recipes))
    plan.texts.append(Receipt.conversion(from: origin, tie, plan).file)
    return plan
  }

  /// How the file stores what the folder has, in the file's order, and the factors that it has not.
  private func origins(of recipes: [TensorRecipe]) -> [GGUFOrigin.Tensor] {
    var places: [String: [TensorRecipe]] = [:]
    for recipe in recipes {
      for case .stored(let name) in recipe.sources { places[name, default: []].append(recipe) }
    }
    return checkpoint.tensors.flatMap { info -> [GGUFOrigin.Tensor] in
      guard let type = GGMLType(info.dtype) else { return [] }
      if Self.isRopeFactors(info.name) { return [GGUFOrigin.Tensor(name: info.name, type: type)] }
      return (places[info.name] ?? []).map { recipe in
        // What is cast on the way is not what it was, and stays what it has become.
        let isCast = options.dtype != nil && recipe.dtype != checkpoint.plainDType(of: info)
        return GGUFOrigin.Tensor(
          name: recipe.name, type: isCast ? GGMLType(recipe.dtype) ?? type : type)
      }
    }
  }

  private func checkHead(_ naming: MLXNaming) throws(CheckpointError) {
    guard isForMLX, let head = tie.head, naming.alwaysTies else { return }
    throw CheckpointError(
      .conflict, file: checkpoint.path, tensor: head,
      "mlx-lm always ties this architecture: this head would be lost",
      hint: "tie --keep embedding or --keep head first, or convert to another format")
  }

  // MARK: Tensors

  /// Factors that config.json states in its own way.
  private static func isRopeFactors(_ name: String) -> Bool { name == "rope_freqs.weight" }

  private func recipes(_ info: TensorInfo) throws(CheckpointError) -> [TensorRecipe] {
    let name = tie.renamed[info.name] ?? info.name
    let dtype = checkpoint.plainDType(of: info)
    guard ConvertOptions.dtypes.contains(dtype) else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: info.name,
        "elements of this type are not written out", found: info.dtype.rawValue)
    }
    if let parts = try fusedParts(info, name, dtype) { return parts }
    guard let place = family.place(gguf: name) else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: info.name,
        "no \(family.modelType) model has a place for this tensor",
        hint: "nothing is left out silently")
    }
    return [
      try recipe(place, [], info, dtype, Int(clamping: info.shape.dimensions.first ?? 0))
    ]
  }

  /// Query, key and value out of one tensor, for families that keep them apart.
  private func fusedParts(
    _ info: TensorInfo, _ name: String, _ dtype: DType
  ) throws(CheckpointError) -> [TensorRecipe]? {
    guard let range = name.firstRange(of: ".attn_qkv."), family.place(gguf: name) == nil,
      let query = family.place(gguf: name.replacing(range, "attn_q")),
      let key = family.place(gguf: name.replacing(range, "attn_k")),
      let value = family.place(gguf: name.replacing(range, "attn_v"))
    else { return nil }
    let rows = Int(clamping: info.shape.dimensions.first ?? 0)
    let heads = try required("attention.head_count")
    let keyHeads = integer("attention.head_count_kv") ?? heads
    let all = heads + 2 * keyHeads
    guard all > 0, rows % all == 0 else {
      throw CheckpointError(
        .invalidTensorEntry, file: checkpoint.path, tensor: info.name,
        "rows are no multiple of the number of heads", found: "\(info.shape)")
    }
    let width = rows / all
    let first = heads * width
    let second = first + keyHeads * width
    return [
      try recipe(query, [.rows(0..<first)], info, dtype, first),
      try recipe(key, [.rows(first..<second)], info, dtype, second - first),
      try recipe(value, [.rows(second..<rows)], info, dtype, rows - second),
    ]
  }

  private func recipe(
    _ place: ModelFamily.Place, _ before: [TensorTransform], _ info: TensorInfo, _ dtype: DType,
    _ rows: Int
  ) throws(CheckpointError) -> TensorRecipe {
    var shape = info.shape
    if !before.isEmpty, let first = shape.dimensions.first, first != UInt64(rows) {
      shape = Shape([UInt64(rows)] + shape.dimensions.dropFirst())
    }
    var transform: TensorTransform?
    switch place.rule.change {
    case .plusOne where place.suffix == ".weight": transform = .add(1)
    case .transposed where place.suffix == ".weight":
      transform = .transpose
      shape = Shape(shape.dimensions.reversed())
    case .rotaryQuery:
      transform = .interleavedHalves(heads: try required("attention.head_count"), rows: rows)
    case .rotaryKey:
      let heads = try required("attention.head_count")
      transform = .interleavedHalves(
        heads: integer("attention.head_count_kv") ?? heads, rows: rows)
    case .partedByKind:
      transform = .partedByKind(heads: try required("attention.head_count"), rows: rows)
    default: break
    }
    return TensorRecipe(
      name: place.huggingFaceName, sources: [.stored(info.name)],
      transforms: before + (transform?.inverse.map { [$0] } ?? []), dtype: dtype, shape: shape)
  }

  // MARK: Types

  /// The type that most matrices have: that of the model, as configs state it.
  private var mainDType: DType {
    var counts: [DType: Int] = [:]
    for info in checkpoint.tensors where info.shape.rank > 1 {
      counts[checkpoint.plainDType(of: info), default: 0] += info.elementCount
    }
    let most = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }
    return most?.key ?? .f32
  }

  /// GGUF keeps vectors and norms as F32 whatever the model's type is. Where all of them are numbers
  /// of that type, they are stored as such again.
  private func narrowed(
    _ recipes: [TensorRecipe], to main: DType
  ) throws(CheckpointError) -> Set<String> {
    guard main == .bf16 || main == .f16, options.dtype == nil else { return [] }
    let small = recipes.filter { $0.dtype == .f32 }
    guard small.reduce(0, { $0.addingSaturated($1.byteCount) }) <= Self.smallCount else {
      return []
    }
    let resolver = RecipeResolver(checkpoint: checkpoint)
    for recipe in small {
      let tensor = try resolver.tensor(recipe)
      let bytes = try reading { () throws(IOFailure) in try tensor.bytes(in: 0..<tensor.size) }
      guard ExactNarrowing.isExact(bytes, main) else { return [] }
    }
    return Set(small.map(\.name))
  }

  /// The most bytes of vectors that are read to plan.
  private static let smallCount = 64 << 20

  // MARK: Metadata

  private func integer(_ key: String) -> Int? {
    metadata[architecture: key]?.integer.flatMap { $0 > 0 ? $0 : nil }
  }

  private func required(_ key: String) throws(CheckpointError) -> Int {
    if let value = integer(key) { return value }
    throw CheckpointError(
      .invalidMetadata, file: checkpoint.path,
      "\(metadata.architecture ?? "").\(key) is missing or no positive number")
  }

  private func texts(dtype: DType) throws(CheckpointError) -> [(name: String, text: [UInt8])] {
    let tokenizer = try GGUFTokenizer(metadata, path: checkpoint.path)
    let embedding = tie.embedding.flatMap { checkpoint.tensor($0)?.info.shape.matrix?.rows }
    let biases = checkpoint.tensors.compactMap { info -> String? in
      guard info.name.hasSuffix(".bias") else { return nil }
      return info.name.split(separator: ".").dropLast().last.map(String.init)
    }
    let writer = ConfigWriter(
      metadata: metadata, family: family, tokenizer: tokenizer, path: checkpoint.path,
      isTied: tie.isTied, dtype: dtype, vocabularySize: embedding ?? tokenizer.tokens.count,
      biases: Set(biases), ropeFactors: try ropeFactors())
    let tokens = TokenizerWriter(
      tokenizer: tokenizer, family: family, contextLength: integer("context_length"),
      path: checkpoint.path)
    return [
      ("config.json", try writer.config()), ("generation_config.json", writer.generation),
      ("tokenizer.json", try tokens.definition()), ("tokenizer_config.json", tokens.config),
    ]
  }

  private func ropeFactors() throws(CheckpointError) -> [Float]? {
    guard let (_, info) = checkpoint.tensor("rope_freqs.weight") else { return nil }
    guard info.dtype == .f32, info.elementCount <= 65536 else {
      throw CheckpointError(
        .invalidTensorEntry, file: checkpoint.path, tensor: info.name, "not a list of numbers")
    }
    let bytes = try checkpoint.bytes(of: info.name, options: options.execution) ?? []
    return stride(from: 0, to: bytes.count - 3, by: 4).map { place in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * $1) }
      return Float(bitPattern: bits)
    }
  }
}

extension String {
  fileprivate func replacing(_ range: Range<String.Index>, _ module: String) -> String {
    self[..<range.lowerBound] + ".\(module)." + self[range.upperBound...]
  }
}
