// One layer, backward.

internal import TieConvKernels

extension DecoderLayer {
  /// Turns the gradient of the layer's output into that of its input, in place, and adds to the
  /// parameters' gradients.
  func backward(
    _ trace: LayerTrace, _ gradient: FloatMatrix, _ gradients: LayerGradients
  ) throws(KernelError) {
    let normalized = attentionNorm?.forward(trace.input) ?? trace.input
    // The gradient of what attention's product reads; the same as the network's in Cohere.
    let readGradient = machine.zeros(gradient.rows, gradient.columns)
    let arriving = configuration.isParallel ? gradient.duplicate() : gradient
    try feedForwardBackward(trace, normalized, arriving, gradient, readGradient, gradients)
    try attentionBackward(trace, normalized, arriving, readGradient, gradients)
    if let norm = attentionNorm {
      norm.backward(
        trace.input, readGradient, dx: gradient, dGain: gradients[.attentionNorm],
        dBias: gradients[.attentionNormBias])
    } else {
      add(readGradient, to: gradient)
    }
  }

  /// Adds the gradient of `trace.middle` to `gradient`, or that of the network's input to
  /// `readGradient` where it is attention's input too. `arriving` is that of the layer's output.
  private func feedForwardBackward(
    _ trace: LayerTrace, _ normalized: FloatMatrix, _ arriving: FloatMatrix,
    _ gradient: FloatMatrix, _ readGradient: FloatMatrix, _ gradients: LayerGradients
  ) throws(KernelError) {
    let norm = feedForwardNorm
    let isShared = norm == nil && configuration.isParallel
    let read = norm?.forward(trace.middle) ?? (isShared ? normalized : trace.middle)
    let outer = outputGradient(
      arriving, norm: feedForwardOutputNorm, product: trace.down,
      gain: gradients[.feedForwardOutputNorm])
    // A copy of the first product, which becomes its gradient.
    let up = trace.up.duplicate(machine)
    let activated = activated(up)
    try addGradients(outer, activated, .down, .downBias, gradients)
    // From here on `activated` holds its own gradient.
    try machine.multiplyBack(outer, weights[.down], into: activated)
    deactivate(up, activated)
    try addGradients(up, read, .up, .upBias, gradients)
    if let norm {
      let inner = machine.matrix(read.rows, read.columns)
      try machine.multiplyBack(up, weights[.up], into: inner)
      norm.backward(
        trace.middle, inner, dx: gradient, dGain: gradients[.feedForwardNorm],
        dBias: gradients[.feedForwardNormBias])
    } else {
      try machine.multiplyBack(
        up, weights[.up], into: isShared ? readGradient : gradient, accumulates: true)
    }
  }

  private func attentionBackward(
    _ trace: LayerTrace, _ normalized: FloatMatrix, _ arriving: FloatMatrix,
    _ readGradient: FloatMatrix, _ gradients: LayerGradients
  ) throws(KernelError) {
    let outer = outputGradient(
      arriving, norm: attentionOutputNorm, product: trace.projected,
      gain: gradients[.attentionOutputNorm])
    try addGradients(outer, trace.heads, .output, .outputBias, gradients)
    let heads = machine.matrix(trace.heads.rows, trace.heads.columns)
    try machine.multiplyBack(outer, weights[.output], into: heads)
    let joint = machine.matrix(trace.joint.rows, trace.joint.columns)
    try attention.backward(
      Attention.Trace(
        joint: trace.joint, output: trace.heads, logSums: trace.logSums, gradient: heads),
      into: joint)
    queryKeyPass.backward(trace.rawJoint, joint, gradients)
    try addGradients(joint, normalized, .queryKeyValue, .queryKeyValueBias, gradients)
    try machine.multiplyBack(joint, weights[.queryKeyValue], into: readGradient, accumulates: true)
  }

  // MARK: Parts

  /// The gradient of a block's product, from that of the sum it was added to.
  private func outputGradient(
    _ arriving: FloatMatrix, norm: NormPass?, product: FloatMatrix?, gain: FloatMatrix?
  ) -> FloatMatrix {
    var outer = arriving
    if configuration.residualScale != 1 {
      outer = arriving.duplicate()
      let scaled = outer
      machine.forEachRow(of: outer.rows) { row in
        unsafe Vectors.scale(
          scaled.pointer(row), scaled.columns, by: configuration.residualScale)
      }
    }
    guard let norm, let product else { return outer }
    let inner = machine.zeros(outer.rows, outer.columns)
    norm.backward(product, outer, dx: inner, dGain: gain, dBias: nil)
    return inner
  }

  /// Adds dyᵀ x to a matrix's gradient, and the sum of dy's rows to its bias's.
  private func addGradients(
    _ dy: FloatMatrix, _ x: FloatMatrix, _ role: ParameterKey.Role, _ bias: ParameterKey.Role,
    _ gradients: LayerGradients
  ) throws(KernelError) {
    if let target = gradients[role] {
      try machine.multiply(
        dy.operand().transposed, x.operand(), into: target, accumulates: true)
    }
    guard let target = gradients[bias] else { return }
    unsafe machine.sumOverRows(dy.rows, into: target) { row, sums in
      unsafe Vectors.add(dy.pointer(row), dy.columns, to: sums)
    }
  }

  /// Turns `up` into its gradient, `gradient` being that of the activation's output.
  private func deactivate(_ up: FloatMatrix, _ gradient: FloatMatrix) {
    let n = configuration.intermediateSize
    machine.forEachRow(of: up.rows) { row in
      unsafe Vectors.activateBackward(
        configuration.activation, up.pointer(row),
        configuration.isGated ? up.pointer(row, n) : nil, gradient.pointer(row), n)
    }
  }

  private func add(_ x: FloatMatrix, to y: FloatMatrix) {
    machine.forEachRow(of: x.rows) { row in
      unsafe Vectors.add(x.pointer(row), x.columns, to: y.pointer(row))
    }
  }
}
