// What happens to queries and keys between their product and attention: normalization, rotation.

internal import TieConvKernels

/// Normalization and rotation of the query and key heads of a joint matrix, in place.
struct QueryKeyPass: Sendable {
  let configuration: DecoderConfiguration
  let weights: LayerWeights
  let rotation: RotationTable?
  let positions: [Int]
  let machine: Machine

  /// A stretch of columns that is normalized together, and where its gain starts.
  private struct Stretch {
    let start: Int
    let count: Int
    let role: ParameterKey.Role
    let gain: Int
  }

  private var stretches: [Stretch] {
    let c = configuration
    let size = c.headSize
    guard c.queryKeyNorm != .none else { return [] }
    if c.queryKeyNorm == .whole {
      return [
        Stretch(start: 0, count: c.attentionSize, role: .queryNorm, gain: 0),
        Stretch(
          start: c.attentionSize, count: c.keyValueHeadCount * size, role: .keyNorm, gain: 0),
      ]
    }
    let isOwn = c.queryKeyNorm == .perHeadOwnGains
    return (0..<c.headCount + c.keyValueHeadCount).map { head in
      let isKey = head >= c.headCount
      let number = isKey ? head - c.headCount : head
      return Stretch(
        start: head * size, count: size, role: isKey ? .keyNorm : .queryNorm,
        gain: isOwn ? number * size : 0)
    }
  }

  /// Query and key norms have no bias, whatever the others have.
  private var norm: DecoderConfiguration.Norm {
    var norm = configuration.norm
    norm.hasBias = false
    return norm
  }

  /// Normalizes `joint` into a new matrix where the layer does, and turns it.
  func forward(_ joint: FloatMatrix) -> FloatMatrix {
    let stretches = stretches
    let made = stretches.isEmpty ? joint : joint.duplicate()
    machine.forEachRow(of: joint.rows) { row in
      for stretch in stretches {
        guard let gain = unsafe weights.vector(stretch.role) else { continue }
        unsafe Vectors.normalize(
          joint.pointer(row, stretch.start), stretch.count, norm, gain: gain + stretch.gain,
          bias: nil, into: made.pointer(row, stretch.start))
      }
      unsafe turn(made.pointer(row), at: positions[row], direction: 1)
    }
    return made
  }

  private func turn(_ line: UnsafeMutablePointer<Float>, at position: Int, direction: Float) {
    guard let rotation else { return }
    for head in 0..<configuration.headCount + configuration.keyValueHeadCount {
      unsafe Vectors.rotate(
        line + head * configuration.headSize, pairs: rotation.pairs,
        cosines: rotation.cosines.pointer(position), sines: rotation.sines.pointer(position),
        isInterleaved: rotation.isInterleaved, direction: direction)
    }
  }

  /// Turns the gradient of the joint matrix back to the gradient of the product, in place. The
  /// product as `forward` took it, `joint`, is needed where the layer normalizes.
  func backward(_ joint: FloatMatrix?, _ gradient: FloatMatrix, _ gradients: LayerGradients) {
    machine.forEachRow(of: gradient.rows) { row in
      unsafe turn(gradient.pointer(row), at: positions[row], direction: -1)
    }
    guard let joint, configuration.queryKeyNorm != .none else { return }
    let stretches = stretches
    let queryCount = configuration.extent(of: .queryNorm).columns
    let keyCount = configuration.extent(of: .keyNorm).columns
    let sums = machine.zeros(1, queryCount + keyCount)
    let width = stretches.map(\.count).max() ?? 0
    let scratch = machine.matrix(Machine.parts(ofRows: gradient.rows), width)
    unsafe machine.sumOverRows(gradient.rows, into: sums) { row, sums in
      let dx = unsafe scratch.pointer(row / Machine.rowsOfPart)
      for stretch in stretches {
        guard let gain = unsafe weights.vector(stretch.role) else { continue }
        let dy = unsafe gradient.pointer(row, stretch.start)
        unsafe dx.update(repeating: 0, count: stretch.count)
        let place = stretch.gain + (stretch.role == .keyNorm ? queryCount : 0)
        unsafe Vectors.normalizeBackward(
          joint.pointer(row, stretch.start), dy, stretch.count, norm, gain: gain + stretch.gain,
          dx: dx, dGain: sums + place, dBias: nil)
        unsafe dy.update(from: dx, count: stretch.count)
      }
    }
    if let target = gradients[.queryNorm] {
      unsafe Vectors.add(sums.pointer(), queryCount, to: target.pointer())
    }
    if let target = gradients[.keyNorm] {
      unsafe Vectors.add(sums.pointer(0, queryCount), keyCount, to: target.pointer())
    }
  }
}
