// Small decoders with random weights, made in memory.

@testable internal import TieConv
internal import TieConvKernels
@testable internal import TieConvModel

/// Makes decoders that are the same every time.
struct TinyDecoder {
  var type = "llama"
  /// Fields of the config beyond the sizes.
  var fields = ""
  var isTied = true
  var threads = 2
  var precision = ComputePrecision.f32

  func made() throws -> Decoder {
    let text = """
      {"model_type": "\(type)", "vocab_size": 97, "hidden_size": 32, "intermediate_size": 48,
       "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2,
       "head_dim": 8\(fields)}
      """
    let config = try ModelConfig(path: "config.json", text: Array(text.utf8))
    let configuration = try DecoderConfiguration(config: config, isTied: isTied)
    let bindings = TensorNames(configuration, prefix: "model.").bindings()
    var state: UInt64 = 1
    var parameters: [ParameterKey: WeightMatrix] = [:]
    let keys = [ParameterKey(.embedding)] + (isTied ? [] : [ParameterKey(.head)])
    for key in keys + bindings.map(\.key) where parameters[key] == nil {
      let extent = configuration.extent(of: key.role)
      let kind: ElementKind = precision == .bf16 && key.role.isFactor ? .bf16 : .f32
      let matrix = WeightMatrix(extent.rows, extent.columns, kind: kind)
      let scale = key.role.isVector ? 0.3 : 1.5 / Float(extent.columns).squareRoot()
      let shift: Float = key.role.isVector && configuration.norm.gainOffset == 0 ? 1 : 0
      let values = (0..<matrix.count).map { _ in Self.next(&state) * scale + shift }
      try unsafe values.withUnsafeBufferPointer { try unsafe matrix.set($0, element: 0) }
      parameters[key] = matrix
    }
    let weights = DecoderWeights(
      configuration: configuration, precision: precision, parameters: parameters,
      bindings: bindings)
    return Decoder(
      weights: weights, machine: Machine(threads: threads, precision: precision), path: "tiny")
  }

  /// Roughly normal.
  static func next(_ state: inout UInt64) -> Float {
    (0..<4).reduce(Float(0)) { sum, _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return sum + Float(state >> 40) / Float(1 << 24) - 0.5
    } * 1.7
  }

  static func tokens(_ count: Int, seed: Int = 0) -> [Int] {
    (0..<count).map { ($0 * 31 + seed * 7 + $0 * $0) % 97 }
  }
}
