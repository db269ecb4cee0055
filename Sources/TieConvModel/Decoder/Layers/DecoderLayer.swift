// One layer, forward: attention and the feed-forward network, each added to what goes in.

internal import TieConvKernels

/// One layer of a decoder for one batch.
struct DecoderLayer: Sendable {
  let configuration: DecoderConfiguration
  let weights: LayerWeights
  let machine: Machine
  let batch: TokenBatch
  let rotation: RotationTable?
  let positions: [Int]

  var attention: Attention {
    Attention(
      configuration: configuration, settings: configuration.layers[weights.layer],
      machine: machine, sequences: batch.sequences)
  }

  var queryKeyPass: QueryKeyPass {
    QueryKeyPass(
      configuration: configuration, weights: weights, rotation: rotation, positions: positions,
      machine: machine)
  }

  func norm(_ gain: ParameterKey.Role, _ bias: ParameterKey.Role? = nil) -> NormPass? {
    guard let found = weights[gain] else { return nil }
    return NormPass(
      settings: configuration.norm, gain: found, bias: bias.flatMap { weights[$0] },
      machine: machine)
  }

  var attentionNorm: NormPass? { norm(.attentionNorm, .attentionNormBias) }
  var feedForwardNorm: NormPass? { norm(.feedForwardNorm, .feedForwardNormBias) }
  var attentionOutputNorm: NormPass? { norm(.attentionOutputNorm) }
  var feedForwardOutputNorm: NormPass? { norm(.feedForwardOutputNorm) }

  /// The layer's output and what its backward pass reads; where that is not kept, it need not be
  /// made small.
  func forward(
    _ input: FloatMatrix, keepsTrace: Bool = true
  ) throws(KernelError) -> (output: FloatMatrix, trace: LayerTrace) {
    let normalized = attentionNorm?.forward(input) ?? input
    let raw = try product(normalized, .queryKeyValue, .queryKeyValueBias)
    let joint = queryKeyPass.forward(raw)
    if machine.precision == .ggml { cache(joint) }
    let heads = machine.matrix(input.rows, configuration.attentionSize)
    let logSums = machine.matrix(input.rows, configuration.headCount)
    try attention.forward(joint, into: heads, logSums: logSums)
    let first = try added(
      heads, .output, .outputBias, norm: attentionOutputNorm, to: input)
    // In parallel, the network reads what attention read, or the layer's input.
    let middle = configuration.isParallel ? input : first.sum
    let read =
      feedForwardNorm?.forward(middle) ?? (configuration.isParallel ? normalized : middle)
    let up = try product(read, .up, .upBias)
    let second = try added(
      activated(up), .down, .downBias, norm: feedForwardOutputNorm, to: first.sum)
    let trace = LayerTrace(
      input: input, rawJoint: configuration.queryKeyNorm == .none ? nil : raw, joint: joint,
      heads: heads, logSums: logSums, projected: first.product, middle: middle,
      up: keepsTrace ? KeptMatrix(up, machine) : .floats(up), down: second.product)
    return (second.sum, trace)
  }

  // MARK: Parts

  /// Rounds keys and values to what llama.cpp's cache holds of them, F16; queries meet them in F32.
  private func cache(_ joint: FloatMatrix) {
    let start = configuration.attentionSize
    machine.forEachRow(of: joint.rows) { row in
      let line = unsafe joint.pointer(row, start)
      unsafe Vectors.round(line, joint.columns - start, to: .f16, into: line)
    }
  }

  /// x Wᵀ + b.
  func product(
    _ x: FloatMatrix, _ role: ParameterKey.Role, _ bias: ParameterKey.Role
  ) throws(KernelError) -> FloatMatrix {
    let made = machine.matrix(x.rows, configuration.extent(of: role).rows)
    try machine.multiply(x, weights[role], into: made, bias: weights[bias])
    return made
  }

  /// `base` plus the scaled, and where there is a norm normalized, product; with the product
  /// itself where the norm's backward pass needs it.
  private func added(
    _ x: FloatMatrix, _ role: ParameterKey.Role, _ bias: ParameterKey.Role, norm: NormPass?,
    to base: FloatMatrix
  ) throws(KernelError) -> (sum: FloatMatrix, product: FloatMatrix?) {
    let scale = configuration.residualScale
    guard norm != nil || weights[bias] != nil && scale != 1 else {
      let sum = base.duplicate()
      try machine.multiply(
        x, weights[role], into: sum, bias: weights[bias], alpha: scale, accumulates: true)
      return (sum, nil)
    }
    let product = try product(x, role, bias)
    let sum = norm?.forward(product) ?? product.duplicate()
    machine.forEachRow(of: sum.rows) { row in
      let line = unsafe sum.pointer(row)
      if scale != 1 { unsafe Vectors.scale(line, sum.columns, by: scale) }
      unsafe Vectors.add(base.pointer(row), sum.columns, to: line)
    }
    return (sum, norm == nil ? nil : product)
  }

  /// The activation of the first product's rows: gate and gated side by side, or one alone.
  func activated(_ up: FloatMatrix) -> FloatMatrix {
    let n = configuration.intermediateSize
    let made = machine.matrix(up.rows, n)
    machine.forEachRow(of: up.rows) { row in
      unsafe Vectors.activate(
        configuration.activation, up.pointer(row),
        configuration.isGated ? UnsafePointer(up.pointer(row, n)) : nil, n, into: made.pointer(row))
    }
    return made
  }
}
