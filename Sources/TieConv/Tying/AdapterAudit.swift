// Does a PEFT adapter touch one side of a tied pair?

internal import TieConvIO

/// What a PEFT adapter would do to a checkpoint's ties.
struct AdapterAudit {
  private let path: String
  private let targets: Set<Substring>
  private let savedModules: Set<Substring>

  /// The largest config that is read.
  private static let maximumSize = 16 << 20

  /// Reads `adapter_config.json` and the header of `adapter_model.safetensors` in `folder`.
  ///
  /// - Throws: `invalidAdapter` where it is no PEFT adapter.
  init(folder: String) throws(CheckpointError) {
    path = FilePath.join(folder, "adapter_config.json")
    let file = try reading { [path] () throws(IOFailure) in try InputFile(path) }
    guard file.size <= Self.maximumSize else {
      throw CheckpointError(.invalidAdapter, file: path, "adapter config is too large")
    }
    let text = try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
    let root: JSONNode
    do { root = try JSONNode.parse(text, allowsNonFinite: true) } catch {
      throw CheckpointError(
        .invalidAdapter, file: path, offset: error.offset,
        "adapter config is not JSON: \(error.message)")
    }
    guard root.members != nil else {
      throw CheckpointError(.invalidAdapter, file: path, "adapter config is not a JSON object")
    }
    let shard = try Shard(
      name: "adapter_model.safetensors",
      path: FilePath.join(folder, "adapter_model.safetensors"))
    var adapted: Set<Substring> = []
    var saved: Set<Substring> = []
    let savedNames = Set(
      (root["modules_to_save"]?.elements ?? []).compactMap(\.string).map { Substring($0) })
    for tensor in shard.tensors {
      let components = tensor.name.split(separator: ".")
      if let place = components.firstIndex(where: { $0.hasPrefix("lora_") }), place > 0 {
        adapted.insert(components[place - 1])
      } else if let name = components.dropLast().last(where: { $0 != "original_module" }),
        savedNames.contains(name) || components.contains("modules_to_save")
      {
        saved.insert(savedNames.first { components.contains($0) } ?? name)
      } else if let name = components.dropLast().last {
        // Embeddings that PEFT saves in full because the vocabulary was resized.
        saved.insert(name)
      }
    }
    targets = adapted
    savedModules = saved
  }

  /// Findings for the main group of a checkpoint with this verdict.
  func problems(for groups: [TieGroup], verdict: TieVerdict) -> [TieProblem] {
    guard let main = groups.first(where: \.isMain) else { return [] }
    let embedding = touch(main.embedding ?? main.canonicalEmbedding)
    let head = touch(main.head ?? main.canonicalHead)
    let sharesOne = [.tied, .tiedReversed, .tiedDuplicate, .tiedConflict].contains(verdict)
    switch (embedding, head) {
    case (nil, nil):
      return [
        TieProblem("adapterClear", .info, "the adapter touches neither embedding nor head")
      ]
    case (let how?, nil):
      return [oneSided("embedding", "head", how, main.canonicalEmbedding, sharesOne)]
    case (nil, let how?):
      return [oneSided("head", "embedding", how, main.canonicalHead, sharesOne)]
    case (let one?, let other?):
      return [
        TieProblem(
          "adapterBothSides", sharesOne ? .error : .info,
          "the adapter changes the embedding (\(one)) and the head (\(other)) separately"
            + (sharesOne ? ": merged into one tied matrix, one of the two is lost" : ""),
          hint: sharesOne ? "untie the base first, then merge" : nil)
      ]
    }
  }

  private func oneSided(
    _ side: String, _ other: String, _ how: String, _ tensor: String?, _ sharesOne: Bool
  ) -> TieProblem {
    TieProblem(
      "adapterOneSide", sharesOne ? .error : .info,
      "the adapter changes the \(side) (\(how)) and not the \(other)"
        + (sharesOne ? ": merged into a tied matrix, it changes both or is lost" : ""),
      tensor: tensor, hint: sharesOne ? "untie the base first, then merge" : nil)
  }

  /// How the adapter touches the module of `tensor`; nil where it does not.
  private func touch(_ tensor: String?) -> String? {
    guard let tensor, let module = TensorName(tensor).module,
      let name = module.split(separator: ".").last
    else { return nil }
    if targets.contains(name) { return "LoRA" }
    return savedModules.contains(name) ? "modules_to_save" : nil
  }
}
