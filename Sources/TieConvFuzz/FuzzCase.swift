// One input, made from a seed and a number and nothing else.

import TieConv

/// A mutated input and how it is to be opened.
struct FuzzCase {
  /// What is mutated.
  enum Kind: String, CaseIterable {
    case file, folder, packed, receipt, fileReceipt, adapter, json, gguf, pytorch, conversion
    case tokenizer, tokens
  }

  let kind: Kind
  let contents: FolderContents
  /// The file to open; nil for the folder itself.
  var file: String?
  /// The folder within `contents` that holds the adapter.
  var adapter: FolderContents?

  init(kind: Kind, contents: FolderContents, file: String?, adapter: FolderContents?) {
    self.kind = kind
    self.contents = contents
    self.file = file
    self.adapter = adapter
  }

  /// Case `number` of `seed`.
  init(seed: UInt64, number: UInt64, seeds: Seeds) {
    var random = RandomSource(seed: seed, stream: number)
    let json = JSONMutator(donors: seeds.texts)
    let safetensors = SafetensorsMutator(json: json)
    kind = random.pick([
      .file, .file, .file, .folder, .folder, .folder, .receipt, .receipt, .fileReceipt, .adapter,
      .json, .json, .packed, .packed, .gguf, .gguf, .gguf, .pytorch, .pytorch, .pytorch,
      .conversion, .conversion, .tokenizer, .tokenizer, .tokenizer, .tokens,
    ])
    switch kind {
    case .file:
      var bytes = random.pick(seeds.files)
      for _ in 0...random.below(3) { safetensors.mutate(&bytes, &random) }
      contents = ["model.safetensors": bytes]
      file = "model.safetensors"
    case .folder:
      var folder = random.pick(seeds.folders + seeds.edited)
      for _ in 0...random.below(4) { Self.mutate(&folder, json, safetensors, &random) }
      contents = folder
    case .packed:
      var folder = random.pick(seeds.packed)
      for _ in 0...random.below(3) { Self.mutate(&folder, json, safetensors, &random) }
      contents = folder
    case .receipt:
      var folder = random.pick(seeds.edited)
      for _ in 0...random.below(3) { json.mutate(&folder[Receipt.fileName, default: []], &random) }
      contents = folder
    case .fileReceipt:
      var bytes = random.pick(seeds.editedFiles)
      Self.mutateReceipt(inside: &bytes, json, &random)
      contents = ["model.safetensors": bytes]
      file = "model.safetensors"
    case .gguf:
      let name = "m-00001-of-0000\(1 + random.below(3)).gguf"
      var folder = random.once(in: 4) ? random.pick(seeds.ggufFolders) : [:]
      let target = folder.keys.sorted().first ?? name
      var bytes = folder[target] ?? random.pick(seeds.ggufFiles)
      for _ in 0...random.below(3) { GGUFMutator.mutate(&bytes, &random) }
      folder[target] = bytes
      contents = folder
      file = target
    case .pytorch:
      var bytes = random.pick(seeds.pytorchFiles)
      for _ in 0...random.below(3) { PyTorchMutator().mutate(&bytes, &random) }
      contents = ["model.bin": bytes]
      file = "model.bin"
    case .conversion:
      var folder = random.pick(seeds.convertible)
      if folder[Receipt.fileName] != nil, random.once(in: 2) {
        json.mutate(&folder[Receipt.fileName, default: []], &random)
      }
      for _ in 0...random.below(3) { Self.mutate(&folder, json, safetensors, &random) }
      contents = folder
    case .adapter:
      contents = random.pick(seeds.folders)
      var folder = random.pick(seeds.adapters)
      for _ in 0...random.below(3) { Self.mutate(&folder, json, safetensors, &random) }
      adapter = folder
    case .tokenizer:
      var text = random.pick(Seeds.tokenizers)
      for _ in 0...random.below(4) {
        JSONMutator(donors: Seeds.tokenizers).mutate(&text, &random)
      }
      contents = ["tokenizer.json": text]
      file = "tokenizer.json"
    case .tokens:
      var bytes = random.pick(Seeds.tokenFiles)
      for _ in 0...random.below(3) { ByteMutator.mutate(&bytes, &random) }
      contents = ["tokens.npy": bytes]
      file = "tokens.npy"
    case .json:
      var text = random.pick(seeds.texts)
      for _ in 0...random.below(4) { json.mutate(&text, &random) }
      contents = ["text.json": text]
      file = "text.json"
    }
  }

  private static func mutate(
    _ folder: inout FolderContents, _ json: JSONMutator, _ safetensors: SafetensorsMutator,
    _ random: inout RandomSource
  ) {
    let names = folder.keys.sorted()
    guard !names.isEmpty else { return }
    let name = random.pick(names)
    if random.once(in: 12) {
      switch random.below(4) {
      case 0: folder[name] = nil
      case 1: folder[random.pick(names)] = folder[name]
      case 2: folder["model-0000\(1 + random.below(3))-of-00002.safetensors"] = folder[name]
      default: folder["model.safetensors"] = folder[name]
      }
    } else if name.hasSuffix(".model") {
      ByteMutator.mutate(&folder[name, default: []], &random)
    } else if name.hasSuffix(".safetensors") {
      safetensors.mutate(&folder[name, default: []], &random)
    } else {
      json.mutate(&folder[name, default: []], &random)
    }
  }

  /// Mutates the receipt's text and puts it back as a string that the header's JSON can hold.
  private static func mutateReceipt(
    inside file: inout [UInt8], _ json: JSONMutator, _ random: inout RandomSource
  ) {
    guard var (header, data) = SafetensorsMutator.split(file),
      let node = try? JSONNode.parse(header)["__metadata__"]?[Receipt.metadataKey],
      let text = node.string
    else { return }
    var receipt = Array(text.utf8)
    for _ in 0...random.below(3) { json.mutate(&receipt, &random) }
    let spelled = JSONText.quoted(String(decoding: receipt, as: UTF8.self))
    header.replaceSubrange(node.range, with: spelled.utf8)
    if random.once(in: 6) { ByteMutator.mutate(&data, &random) }
    file = SafetensorsMutator.join(header, data)
  }

  /// The size of all files in bytes.
  var size: Int {
    contents.values.reduce(0) { $0 + $1.count }
      + (adapter ?? [:]).values.reduce(0) { $0 + $1.count }
  }
}
