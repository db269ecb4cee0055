// What the configuration says of the packing: in config.json, or in a file that the quantizer left.

internal import TieConvIO

/// The quantization settings of a checkpoint.
struct QuantizationSettings: Sendable {
  /// Files of their own in which quantizers write, with the method that each stands for.
  private static let ownFiles = [
    ("quantize_config.json", "gptq"), ("quant_config.json", "awq"),
    ("hf_quant_config.json", "modelopt"),
  ]
  /// The largest such file that is read.
  private static let maximumSize = 1 << 20

  /// `quant_method`, lowercase; `mlx` for MLX, which states none; nil where nothing is stated.
  let method: String?
  /// The settings.
  let root: JSONNode?

  /// Reads the settings of `checkpoint`.
  ///
  /// - Throws: `invalidConfig` where a quantizer's own file is not a JSON object.
  init(_ checkpoint: Checkpoint) throws(CheckpointError) {
    if let own = checkpoint.config?.root["quantization"], own["bits"]?.integer != nil,
      own["group_size"]?.integer != nil
    {
      (method, root) = ("mlx", own)
      return
    }
    if let stated = checkpoint.config?.quantization, stated.members != nil {
      let isMLX =
        stated["quant_method"] == nil && stated["bits"]?.integer != nil
        && stated["group_size"] != nil
      method = isMLX ? "mlx" : stated["quant_method"]?.string?.lowercased()
      root = stated
      return
    }
    for (name, kind) in Self.ownFiles {
      guard let node = try Self.object(name, of: checkpoint) else { continue }
      (method, root) = (node["quant_method"]?.string?.lowercased() ?? kind, node)
      return
    }
    (method, root) = (nil, nil)
  }

  private static func object(
    _ name: String, of checkpoint: Checkpoint
  ) throws(CheckpointError) -> JSONNode? {
    let tree = checkpoint.tree
    guard try reading({ () throws(IOFailure) in try tree.contains(name) }) else { return nil }
    let file = try reading { () throws(IOFailure) in try tree.open(name) }
    guard file.size <= maximumSize else {
      throw CheckpointError(.invalidConfig, file: file.path, "too large to be settings")
    }
    let text = try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
    guard let node = try? JSONNode.parse(text, allowsNonFinite: true), node.members != nil else {
      throw CheckpointError(.invalidConfig, file: file.path, "not a JSON object")
    }
    return node
  }

  /// The settings of compressed-tensors' groups for weights.
  var weightGroups: [JSONNode] {
    (root?["config_groups"]?.members ?? []).compactMap { $0.node["weights"] }
      .filter { $0.members != nil }
  }

  /// Names of formats that the settings and their groups state, lowercase.
  var formats: Set<String> {
    let groups = (root?["config_groups"]?.members ?? []).compactMap { $0.node["format"]?.string }
    return Set((groups + [root?["format"]?.string].compactMap { $0 }).map { $0.lowercased() })
  }

  /// Major and minor of the `version` that wrote the files; nil where none is stated.
  var version: (major: Int, minor: Int)? {
    let parts = root?["version"]?.string?.split(separator: ".") ?? []
    guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
    return (major, minor)
  }
}
