// A PEFT adapter: its configuration, and what it holds for each module.

internal import TieConvIO

/// An opened adapter.
struct PEFTAdapter: Sendable {
  /// What an adapter holds for one module.
  enum Content: Sendable, Equatable {
    /// A product of two thin matrices that is added to the weight.
    case lowRank
    /// A whole weight that takes the place of the base's (`modules_to_save`, or embeddings that
    /// were saved because the vocabulary was resized).
    case whole
    /// Rows that take the place of the base's (`trainable_token_indices`).
    case rows
  }

  /// Where it lies.
  let path: String
  let config: JSONNode
  let shard: Shard
  /// What it holds, by the module's name without PEFT's prefix.
  let contents: [String: Content]
  private let tensors: [String: TensorInfo]

  /// The largest config that is read.
  private static let maximumSize = 16 << 20
  /// What PEFT puts before the base model's names.
  private static let prefix = "base_model.model."

  /// Reads `adapter_config.json` and the header of `adapter_model.safetensors` in `folder`.
  ///
  /// - Throws: `invalidAdapter` where it is no PEFT adapter.
  init(folder: String) throws(CheckpointError) {
    let path = FilePath.join(folder, "adapter_config.json")
    self.path = path
    config = try Self.config(path)
    shard = try Shard(
      name: "adapter_model.safetensors",
      path: FilePath.join(folder, "adapter_model.safetensors"))
    let saved = Set((config["modules_to_save"]?.elements ?? []).compactMap(\.string))
    var contents: [String: Content] = [:]
    var tensors: [String: TensorInfo] = [:]
    for tensor in shard.tensors {
      tensors[tensor.name] = tensor
      guard let (module, content) = Self.content(tensor.name, saved) else { continue }
      if contents[module] != .lowRank { contents[module] = content }
    }
    self.contents = contents
    self.tensors = tensors
  }

  private static func config(_ path: String) throws(CheckpointError) -> JSONNode {
    let file = try reading { () throws(IOFailure) in try InputFile(path) }
    guard file.size <= maximumSize else {
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
    return root
  }

  /// The module that a tensor belongs to, and what is held for it.
  private static func content(_ name: String, _ saved: Set<String>) -> (String, Content)? {
    let plain = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    let parts = plain.split(separator: ".", omittingEmptySubsequences: false)
    if let place = parts.firstIndex(where: { $0.hasPrefix("lora_") }), place > 0 {
      return (parts[..<place].joined(separator: "."), .lowRank)
    }
    if let place = parts.firstIndex(of: "token_adapter"), place > 0 {
      return (parts[..<place].joined(separator: "."), .rows)
    }
    var module = Array(parts.dropLast())
    if let place = module.firstIndex(of: "modules_to_save") { module = Array(module[..<place]) }
    if module.last == "original_module" { module.removeLast() }
    return module.isEmpty ? nil : (module.joined(separator: "."), .whole)
  }

  /// The adapter's name for the module that stores `tensor`: the same, or, where a wrapper put
  /// something before it, the only one that ends alike.
  func module(of tensor: String?) -> String? {
    guard let stem = tensor.flatMap({ TensorName($0).module }) else { return nil }
    if contents[String(stem)] != nil { return String(stem) }
    let last = TensorName(String(stem)).last
    let alike = contents.keys.filter { TensorName($0).last == last }
    return alike.count == 1 ? alike.first : nil
  }

  /// The tensor `suffix` of `module`, as numbers; nil where it is not stored.
  func matrix(_ module: String, _ suffix: String) -> NumericMatrix? {
    for name in [Self.prefix + module + suffix, module + suffix] {
      if let info = tensors[name] { return NumericMatrix(shard, info) }
    }
    return nil
  }

  /// Whether embedding and head share what was trained, as `ensure_weight_tying` asks.
  var ensuresTying: Bool { config["ensure_weight_tying"]?.bool == true }
}
