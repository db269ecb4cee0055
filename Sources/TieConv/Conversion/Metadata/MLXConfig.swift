// config.json as mlx-lm's models read it: rotary settings under the names of transformers 4.

enum MLXConfig {
  /// `text` with the settings of `rope_parameters` stated under the older names too, where they are
  /// not. Every other byte stays.
  static func withPlainRope(_ text: [UInt8]) -> [UInt8] {
    guard let root = try? JSONNode.parse(text, allowsNonFinite: true),
      let parameters = root["rope_parameters"], parameters.members != nil
    else { return text }
    let main = parameters["full_attention"] ?? parameters
    var wanted: [(key: String, node: JSONNode?)] = [
      ("rope_theta", main["rope_theta"]),
      ("rope_local_base_freq", parameters["sliding_attention"]?["rope_theta"]),
      ("partial_rotary_factor", main["partial_rotary_factor"]),
    ]
    if let type = main["rope_type"]?.string, type != "default" {
      wanted.append(("rope_scaling", main))
    }
    if root["model_type"]?.string == "gpt_neox" {
      wanted.append(("rotary_emb_base", main["rope_theta"]))
      wanted.append(("rotary_pct", main["partial_rotary_factor"]))
    }
    var result = text
    for (key, node) in wanted {
      guard let node, let current = try? JSONNode.parse(result, allowsNonFinite: true),
        current[key] == nil
      else { continue }
      var edit = JSONEdit()
      let spelled = String(decoding: text[node.range], as: UTF8.self)
      edit.insert(key, spelled, into: current, of: result)
      result = edit.applied(to: result)
    }
    return result
  }
}
