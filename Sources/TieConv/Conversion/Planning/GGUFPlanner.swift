// From a Hugging Face checkpoint to a GGUF file.

/// Plans the conversion of a decoder to GGUF.
struct GGUFPlanner {
  let checkpoint: Checkpoint
  let options: ConvertOptions
  let tie: ConversionTie
  private let family: ModelFamily
  private let fields: ModelFields
  private let policy: GGUFTiePolicy

  init(
    _ checkpoint: Checkpoint, _ tie: ConversionTie, options: ConvertOptions
  ) throws(CheckpointError) {
    self.checkpoint = checkpoint
    self.options = options
    self.tie = tie
    guard let config = checkpoint.config else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, "there is no config.json",
        hint: "a GGUF file says how to compute, which only the config tells: give the folder")
    }
    let architecture = config.architectures.first
    let found = ModelFamily.family(architecture: architecture, modelType: config.modelType)
    guard let family = found else {
      throw CheckpointError(
        .unsupportedFormat, file: config.path,
        "no conversion to GGUF is known for \(architecture ?? config.modelType ?? "this model")",
        expected: "one of \(Set(ModelFamily.all.map(\.modelType)).sorted().joined(separator: " "))")
    }
    self.family = family
    fields = ModelFields(config: config, family: family)
    policy = GGUFTiePolicy(architecture: family.ggufArchitecture) ?? .unknown
  }

  func plan(name: String) throws(CheckpointError) -> ConversionPlan {
    let receipt = try Receipt(of: checkpoint)
    var stored = try storedRecipes()
    var packing = BlockPacking.Outcome()
    if let origin = receipt?.origin, options.dtype == nil {
      packing = try BlockPacking(checkpoint: checkpoint, options: options.execution)
        .pack(&stored, as: origin)
    }
    var recipes = stored.map(\.recipe)
    var plan = ConversionPlan(weights: [], layout: .file, dropped: tie.dropped)
    plan.packed = packing.packed
    plan.edited = packing.edited
    let rows = try addHead(to: &recipes, &plan)
    var keys = try ModelKeys(
      fields, vocabularySize: rows, fileType: GGUFLayout.fileType(of: recipes))
    let extra = try keys.extraTensors().map { name, values in
      TensorRecipe(
        name: name, sources: [.numbers(values)], dtype: .f32,
        shape: Shape([UInt64(values.count)]))
    }
    plan.added += extra.map(\.name)
    recipes = extra + recipes
    var metadata = GGUFMetadata(
      try general(recipes, name) + keys.all() + tokenizer(rows: rows, &plan.notes))
    if let receipt, let origin = receipt.origin {
      let names = stored.map { ($0.recipe.name, $0.name) }
      let order = GGUFOriginOrder(
        origin, names: Dictionary(names, uniquingKeysWith: { first, _ in first }))
      recipes = order.ordered(recipes)
      if origin.architecture == family.ggufArchitecture,
        try receipt.describesTexts(of: checkpoint)
      {
        metadata = origin.metadata(over: metadata, keepsFileType: order.hasTypes(of: recipes))
      }
    }
    let layout = GGUFLayout(metadata: metadata, limit: options.maximumShardSize)
    plan.weights = try layout.files(name, recipes)
    plan.layout = layout.layout
    plan.notes += notes(packing)
    return plan
  }

  /// Checks the embedding, and stores it a second time where llama.cpp reads no tied model; the
  /// result is its number of rows.
  private func addHead(
    to recipes: inout [TensorRecipe], _ plan: inout ConversionPlan
  ) throws(CheckpointError) -> Int {
    guard let embedding = recipes.first(where: { $0.name == "token_embd.weight" }),
      let rows = embedding.shape.matrix?.rows
    else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, "no token embedding is stored",
        hint: "only whole decoders are converted to GGUF")
    }
    try checkRows(rows, embedding)
    if tie.isTied, policy == .outputRequired {
      let head = TensorRecipe(
        name: "output.weight", sources: embedding.sources, transforms: embedding.transforms,
        dtype: embedding.dtype, shape: embedding.shape)
      recipes.append(head)
      plan.added = [head.name]
      plan.notes.append(
        "llama.cpp reads no tied \(family.ggufArchitecture): the matrix is stored twice")
    }
    return rows
  }

  // MARK: Tensors

  /// The tensors of the output, with their names in the input.
  private func storedRecipes() throws(CheckpointError) -> [(name: String, recipe: TensorRecipe)] {
    var recipes: [(name: String, recipe: TensorRecipe)] = []
    for entry in try PlainEntry.all(of: checkpoint, unpacks: true)
    where !family.isIgnored(entry.info.name) {
      let info = entry.info
      if entry.members.contains(where: tie.dropped.contains) { continue }
      if try dropsHead(entry) { continue }
      let name = entry.members.lazy.compactMap { tie.renamed[$0] }.first ?? info.name
      guard let place = family.place(huggingFace: name) else {
        throw CheckpointError(
          .unsupportedFormat, file: checkpoint.path, tensor: info.name,
          "GGUF has no place for this tensor in a \(family.ggufArchitecture) model",
          hint: "nothing is left out silently; take it out of the checkpoint if it is not needed")
      }
      recipes.append((info.name, try recipe(entry, place)))
    }
    return recipes
  }

  /// Whether `info` is a head that the target cannot hold and need not.
  private func dropsHead(_ entry: PlainEntry) throws(CheckpointError) -> Bool {
    guard let head = tie.head, entry.members.contains(head), policy == .alwaysTied else {
      return false
    }
    guard let embedding = tie.embedding, try isEqual(head, embedding) else {
      throw CheckpointError(
        .conflict, file: checkpoint.path, tensor: head,
        "llama.cpp always ties \(family.ggufArchitecture): this head would be lost",
        hint: "tie --keep embedding or --keep head first, or convert to another format")
    }
    return true
  }

  private func isEqual(_ one: String, _ other: String) throws(CheckpointError) -> Bool {
    guard let (shard, info) = checkpoint.tensor(one),
      let (otherShard, otherInfo) = checkpoint.tensor(other), info.dtype == otherInfo.dtype,
      info.shape == otherInfo.shape
    else { return false }
    let pair = RangePair(
      one: shard.file, oneOffset: shard.fileRange(of: info).lowerBound, other: otherShard.file,
      otherOffset: otherShard.fileRange(of: otherInfo).lowerBound, count: info.byteCount)
    return try RangeComparison([pair]).firstDifference(options.execution) == nil
  }

  private func recipe(
    _ entry: PlainEntry, _ place: ModelFamily.Place
  ) throws(CheckpointError) -> TensorRecipe {
    let info = entry.info
    var recipe = TensorRecipe(
      name: place.ggufName, sources: [entry.source], dtype: info.dtype, shape: info.shape)
    let rows = Int(clamping: info.shape.dimensions.first ?? 0)
    switch place.rule.change {
    case nil: break
    case .plusOne: if place.suffix == ".weight" { recipe.transforms = [.add(1)] }
    case .transposed:
      if place.suffix == ".weight" {
        recipe.transforms = [.transpose]
        recipe.shape = Shape(info.shape.dimensions.reversed())
      }
    case .rotaryQuery:
      recipe.transforms = try permuted(
        .interleavedHalves(heads: try fields.heads(), rows: rows), info)
    case .rotaryKey:
      recipe.transforms = try permuted(
        .interleavedHalves(heads: try fields.keyHeads(), rows: rows), info)
    case .partedByKind:
      recipe.transforms = try permuted(.partedByKind(heads: try fields.heads(), rows: rows), info)
    }
    recipe.dtype = try dtype(of: recipe, info)
    return recipe
  }

  private func permuted(
    _ transform: TensorTransform?, _ info: TensorInfo
  ) throws(CheckpointError) -> [TensorTransform] {
    if let transform { return [transform] }
    throw CheckpointError(
      .invalidTensorEntry, file: checkpoint.path, tensor: info.name,
      "rows are no multiple of the number of heads", found: "\(info.shape)")
  }

  /// Vectors, norms and positions are F32, as llama.cpp's kernels want them; matrices keep their type.
  private func dtype(
    of recipe: TensorRecipe, _ info: TensorInfo
  ) throws(CheckpointError) -> DType {
    let isSmall = GGUFLayout.isAlwaysF32(recipe.name, rank: recipe.shape.rank)
    let stored = checkpoint.plainDType(of: info)
    let target = isSmall ? .f32 : options.dtype ?? stored
    if ConvertOptions.dtypes.contains(target), ElementCast.isPossible(from: stored, to: target) {
      return target
    }
    throw CheckpointError(
      .unsupportedFormat, file: checkpoint.path, tensor: info.name,
      "GGUF models have no such elements", found: info.dtype.rawValue,
      expected: "F32, BF16 or F16", hint: "--dtype bf16 casts what can be cast")
  }

  // MARK: Metadata

  private func checkRows(_ rows: Int, _ embedding: TensorRecipe) throws(CheckpointError) {
    guard let stated = try fields.integer("vocab_size"), stated != rows else { return }
    throw CheckpointError(
      .conflict, file: checkpoint.path, tensor: embedding.name, "row count is not vocab_size",
      found: "\(rows)", expected: "\(stated)", hint: "correct config.json, or resize the embedding")
  }

  private func general(
    _ recipes: [TensorRecipe], _ name: String
  ) throws(CheckpointError) -> [(String, GGUFValue)] {
    GeneralKeys(
      architecture: family.ggufArchitecture, name: checkpoint.modelName,
      parameters: recipes.reduce(0) { $0.addingSaturated($1.elementCount) },
      generation: try checkpoint.companionJSON("generation_config.json")
    ).entries
  }

  private func tokenizer(
    rows: Int, _ notes: inout [String]
  ) throws(CheckpointError) -> [(String, GGUFValue)] {
    let files = try TokenizerFiles(checkpoint)
    var vocabulary = try VocabularyBuilder(files: files, rows: rows).vocabulary()
    if family.modelType.hasPrefix("gemma"), vocabulary.model == "llama" {
      vocabulary.addsSpacePrefix = false
    }
    notes += vocabulary.notes
    let special = SpecialTokens(files: files, config: fields.config, limit: rows)
    var entries = vocabulary.entries + special.entries
    if vocabulary.model == "t5" { Self.completeUnigram(&entries, special, files, vocabulary) }
    // Where Gemma ends a turn; its configs do not say.
    if family.modelType == "gemma", vocabulary.tokens.indices.contains(107),
      vocabulary.tokens[107] == "<end_of_turn>"
    {
      entries.append(("tokenizer.ggml.eot_token_id", .uint32(107)))
    }
    // These pre-tokenizers come with a BOS by default, which not every tokenizer adds.
    if special["bos"] == nil, vocabulary.model == "gpt2",
      GGUFPreTokenizer.addsBOS(vocabulary.pre)
    {
      entries.append(("tokenizer.ggml.add_bos_token", .bool(false)))
    }
    let named = files.chatTemplates.filter { $0.name != nil }
    for (template, text) in named {
      entries.append(("tokenizer.chat_template.\(template ?? "")", .string(text)))
    }
    if !named.isEmpty {
      let names = GGUFStrings(named.map { $0.name ?? "" })
      entries.append(("tokenizer.chat_templates", .array(.string(names))))
    }
    if let text = files.chatTemplates.first(where: { $0.name == nil })?.text {
      entries.append(("tokenizer.chat_template", .string(text)))
    }
    return entries
  }

  /// llama.cpp's unigrams add an end and no beginning, and take token 2 for what is unknown, unless a
  /// file says otherwise.
  private static func completeUnigram(
    _ entries: inout [(String, GGUFValue)], _ special: SpecialTokens, _ files: TokenizerFiles,
    _ vocabulary: GGUFVocabulary
  ) {
    if let id = vocabulary.unknownID {
      entries.removeAll { $0.0 == "tokenizer.ggml.unknown_token_id" }
      entries.append(("tokenizer.ggml.unknown_token_id", .uint32(UInt32(clamping: id))))
    }
    let isLlama = files.config?["tokenizer_class"]?.string?.hasPrefix("LlamaTokenizer") ?? false
    guard files.definition != nil || isLlama else { return }
    for kind in ["bos", "eos"] where special[kind] == nil {
      let adds = files.definition == nil && kind == "bos"
      entries.append(("tokenizer.ggml.add_\(kind)_token", .bool(adds)))
    }
  }

  private func notes(_ packing: BlockPacking.Outcome) -> [String] {
    let types = packing.unsupported.sorted { $0.key.name.utf8Precedes($1.key.name) }
    var notes = types.map { type, count in
      "\(count) tensors came out of \(type.name) blocks, which are not made again: they stay plain"
    }
    if family.modelType == "mistral", fields.stated("sliding_window")?.integer != nil {
      notes.append(
        "llama.cpp has no sliding window for this architecture: long texts attend to everything")
    }
    return notes
  }
}

extension Checkpoint {
  /// What the model is called: its folder or file, without what tells the format.
  var modelName: String {
    let name = FilePathName.last(of: path)
    for ending in [".safetensors", ".tiepack", ".gguf", ".bin", ".pt", ".pth", ".json"]
    where name.hasSuffix(ending) {
      return String(name.dropLast(ending.count))
    }
    return name
  }

  /// The type of the elements of `info` once they are unpacked.
  func plainDType(of info: TensorInfo) -> DType { info.dtype.isBlock ? .f32 : info.dtype }
}

/// The last component of a path.
enum FilePathName {
  static func last(of path: String) -> String {
    path.split(separator: "/").last { $0 != "." }.map(String.init) ?? "model"
  }
}
