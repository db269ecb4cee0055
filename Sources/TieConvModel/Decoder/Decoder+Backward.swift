// Backward: gradients of the mean loss.

internal import TieConv
internal import TieConvKernels

extension Decoder {
  /// The gradients of the mean of −log p over all positions that have a successor.
  func gradients(
    _ batch: TokenBatch, _ request: GradientRequest = GradientRequest()
  ) throws(CheckpointError) -> DecoderGradients {
    try check(batch)
    guard precision != .ggml else {
      throw CheckpointError(
        .conflict, file: path, "activations rounded to codes have no gradients",
        hint: "take f32 or bf16")
    }
    return try computing { () throws(KernelError) in try backward(batch, request) }
  }

  private func backward(
    _ batch: TokenBatch, _ request: GradientRequest
  ) throws(KernelError) -> DecoderGradients {
    let tables = rotationTables(batch)
    let embedding = EmbeddingPass(weights: weights, batch: batch, machine: machine)
    // Forward, keeping every layer's input and as many whole traces as there is room for.
    var state = try embedding.forward()
    var inputs: [FloatMatrix] = []
    var traces: [LayerTrace?] = []
    let room = request.activationBytes / max(1, traceBytes(of: batch.count))
    for index in configuration.layers.indices {
      inputs.append(state)
      let isKept = index >= configuration.layers.count - room
      let (output, trace) = try layer(index, batch, tables).forward(state, keepsTrace: isKept)
      traces.append(isKept ? trace : nil)
      state = output
    }
    let parameters = request.includesLayers ? zeroGradients() : [:]
    let (input, output) = tableGradients(request)
    let (loss, count, gradient) = try headBackward(
      batch, state, parameters, output: output)
    for index in configuration.layers.indices.reversed() {
      let layer = layer(index, batch, tables)
      let trace: LayerTrace
      if let kept = traces[index] {
        trace = kept
      } else {
        trace = try layer.forward(inputs[index]).trace
      }
      traces[index] = nil
      inputs.removeLast()
      try layer.backward(
        trace, gradient, LayerGradients(gradients: parameters, layer: index))
    }
    embedding.backward(gradient, into: input, positions: parameters[ParameterKey(.positions)])
    return DecoderGradients(
      loss: loss, positions: count, parameters: parameters, input: input, output: output)
  }

  /// From the last layer's output to the loss and back.
  private func headBackward(
    _ batch: TokenBatch, _ state: FloatMatrix, _ parameters: [ParameterKey: FloatMatrix],
    output: any TableGradient
  ) throws(KernelError) -> (loss: Double, count: Int, gradient: FloatMatrix) {
    let head = HeadPass(weights: weights, machine: machine)
    let targets = batch.successors
    let hidden = finalNorm?.forward(state) ?? state
    let losses = try head.losses(hidden, targets: targets)
    let scored = targets.indices.filter { targets[$0] != nil }
    let sum = scored.reduce(0) { $0 + losses[$1].negativeLogLikelihood }
    let count = max(1, scored.count)
    let outer = machine.matrix(hidden.rows, hidden.columns)
    try head.backward(
      hidden, losses: losses, targets: targets, weight: 1 / Float(count), into: outer,
      head: output, bias: parameters[ParameterKey(.headBias)])
    guard let norm = finalNorm else { return (sum / Double(count), scored.count, outer) }
    let gradient = machine.zeros(hidden.rows, hidden.columns)
    norm.backward(
      state, outer, dx: gradient, dGain: parameters[ParameterKey(.finalNorm)],
      dBias: parameters[ParameterKey(.finalNormBias)])
    return (sum / Double(count), scored.count, gradient)
  }

  private func zeroGradients() -> [ParameterKey: FloatMatrix] {
    var made: [ParameterKey: FloatMatrix] = [:]
    for (key, matrix) in weights.parameters where key.role != .embedding && key.role != .head {
      made[key] = machine.zeros(matrix.rows, matrix.columns)
    }
    return made
  }

  private func tableGradients(
    _ request: GradientRequest
  ) -> (input: any TableGradient, output: any TableGradient) {
    func table() -> any TableGradient {
      let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
      return request.isWide ? WideTableGradient(rows, columns) : machine.zeros(rows, columns)
    }
    let input = table()
    let isJoint = weights[.head] == nil && !request.separatesPaths
    return (input, isJoint ? input : table())
  }

  /// Bytes of one layer's trace, for a batch of `rows` tokens.
  private func traceBytes(of rows: Int) -> Int {
    let c = configuration
    var columns = c.queryKeyValueSize + c.attentionSize + c.headCount + c.hiddenSize
    columns += precision == .bf16 ? (c.upSize + 1) / 2 : c.upSize
    if c.queryKeyNorm != .none { columns += c.queryKeyValueSize }
    if c.normalizes.attentionOutput { columns += c.hiddenSize }
    if c.normalizes.feedForwardOutput { columns += c.hiddenSize }
    return rows * columns * MemoryLayout<Float>.stride
  }
}
