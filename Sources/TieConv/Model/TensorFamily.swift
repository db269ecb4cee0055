// A quantized weight is several tensors that mean nothing apart: codes, scales, zeros, shapes.
// They are found by module stem, and moved or dropped together.  A bias is no part of the matrix.

/// The tensors that together store one weight matrix.
public struct TensorFamily: Hashable, Sendable {
  /// How the matrix is packed, told from the names of its members.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// One plain tensor.
    case plain
    /// `weight_packed`, `weight_scale`, `weight_shape`… or `weight` with `weight_scale`.
    case compressedTensors
    /// `qweight`, `qzeros`, `scales`, `g_idx`: the two share names, the shapes tell them apart.
    case gptqOrAWQ
    /// `weight` with `scales` and mostly `biases`.
    case mlx
    /// `weight` with `weight.absmax`, or `SCB`.
    case bitsAndBytes
    /// `weight` with `weight_scale_inv`.
    case fp8Block
  }

  /// The module that owns the matrix, for example `model.embed_tokens`.
  public let stem: String
  /// How the matrix is packed.
  public let format: Format
  /// The tensor that holds the values or codes, or nil when only companions were left behind.
  public let main: String?
  /// Everything that belongs to the main tensor, as stored, without the bias.
  public let companions: [String]
  /// The module's bias, kept apart: it stays when the matrix goes.
  public let bias: String?

  /// All tensors of the matrix: they move whole or not at all.
  public var members: [String] { (main.map { [$0] } ?? []) + companions }

  /// Whether the matrix is stored in a packed form.
  public var isQuantized: Bool { format != .plain }

  /// Whether companions lie there without the weight that they belong to.
  public var isLeftover: Bool { main == nil && !companions.isEmpty }
}

extension TensorFamily {
  /// Names of the tensor that carries the values, the first stored one wins.
  static let mainNames = ["weight", "weight_packed", "qweight"]

  /// Companions by format: compressed-tensors and ModelOpt, fp8, GPTQ and AWQ, MLX, bitsandbytes.
  static let companionNames: [(Format, [String])] = [
    (.fp8Block, ["weight_scale_inv"]),
    (
      .compressedTensors,
      [
        "weight_scale", "weight_shape", "weight_zero_point", "weight_g_idx",
        "weight_global_scale", "weight_scale_2", "input_scale", "input_zero_point",
        "input_global_scale", "output_scale", "output_zero_point",
      ]
    ),
    (.gptqOrAWQ, ["qzeros", "g_idx"]),
    (.mlx, ["scales", "biases", "global_scale"]),
    (
      .bitsAndBytes,
      [
        "weight.absmax", "weight.quant_map", "weight.nested_absmax", "weight.nested_quant_map",
        "weight.quant_state.bitsandbytes__nf4", "weight.quant_state.bitsandbytes__fp4",
        "SCB", "weight_format",
      ]
    ),
  ]

  /// The family of `stem`, or nil when none of its tensors is stored.
  ///
  /// Asks a fixed number of questions, whatever the size of the checkpoint.
  public init?(stem: String, isStored: (String) -> Bool) {
    let dotted = stem + "."
    let main = TensorFamily.mainNames.map { dotted + $0 }.first(where: isStored)
    var companions: [String] = []
    var format: Format?
    for (kind, names) in TensorFamily.companionNames {
      for name in names where isStored(dotted + name) {
        companions.append(dotted + name)
        format = format ?? kind
      }
    }
    if main == dotted + "qweight" {
      format = .gptqOrAWQ  // `scales` is shared with MLX; `qweight` decides.
    } else if main == dotted + "weight_packed" {
      format = .compressedTensors
    }
    let bias = dotted + "bias"
    let hasBias = isStored(bias)
    guard main != nil || !companions.isEmpty || hasBias else { return nil }
    self.stem = stem
    self.format = format ?? .plain
    self.main = main
    self.companions = companions
    self.bias = hasBias ? bias : nil
  }

  /// The module that a stored name belongs to, and whether the name is the values themselves,
  /// a companion or the bias; nil for anything else.
  public static func part(of name: String) -> (stem: Substring, part: Part)? {
    if let match = name.range(ofNested: ".weight.") {
      return (name[..<match], .companion)
    }
    let tensor = TensorName(name)
    guard let module = tensor.module, !module.isEmpty else { return nil }
    let last = tensor.last
    if last == "bias" { return (module, .bias) }
    if mainNames.contains(where: { last == $0 }) { return (module, .values) }
    let known = companionNames.contains { $0.1.contains { last == $0 } }
    return known ? (module, .companion) : nil
  }

  /// What a tensor is within its family.
  public enum Part: Sendable { case values, companion, bias }
}

extension String {
  /// Where `needle` begins, searching from the end; bitsandbytes nests under the weight's name.
  fileprivate func range(ofNested needle: String) -> String.Index? {
    let bytes = utf8
    let wanted = Array(needle.utf8)
    guard bytes.count >= wanted.count else { return nil }
    var start = bytes.index(bytes.endIndex, offsetBy: -wanted.count)
    while true {
      if bytes[start...].prefix(wanted.count).elementsEqual(wanted) { return start }
      guard start != bytes.startIndex else { return nil }
      start = bytes.index(before: start)
    }
  }
}
