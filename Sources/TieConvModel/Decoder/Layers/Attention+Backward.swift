// The gradient of attention, from the outputs and the softmaxes' sums alone: scores are made again
// block by block (Dao et al. 2022, algorithm 4).

internal import TieConvKernels

extension Attention {
  /// What backward reads of the forward pass, with the gradient that arrives.
  struct Trace: Sendable {
    /// Queries, keys and values as attention took them.
    let joint: FloatMatrix
    let output: FloatMatrix
    let logSums: FloatMatrix
    /// The gradient of `output`.
    let gradient: FloatMatrix
  }

  /// Writes the gradient of the joint matrix.
  ///
  /// One part of the work is one sequence's keys and values of one head, so that their gradients
  /// are summed in one order whatever the number of threads.
  func backward(_ trace: Trace, into gradient: FloatMatrix) throws(KernelError) {
    gradient.fill(0)
    let heads = configuration.keyValueHeadCount
    let group = configuration.headCount / heads
    try machine.run(parts: sequences.count * heads) { part throws(KernelError) in
      let sequence = sequences[part / heads]
      for head in part % heads * group..<(part % heads + 1) * group {
        for start in stride(
          from: sequence.lowerBound, to: sequence.upperBound, by: Self.queryBlock)
        {
          let queries = start..<min(start + Self.queryBlock, sequence.upperBound)
          try backwardTile(trace, sequence, queries, head, into: gradient)
        }
      }
    }
  }

  private func backwardTile(
    _ trace: Trace, _ sequence: Range<Int>, _ queries: Range<Int>, _ head: Int,
    into gradient: FloatMatrix
  ) throws(KernelError) {
    let place = columns(ofHead: head)
    let own = head * headSize..<(head + 1) * headSize
    // Σ dO · O of a row is what every score's gradient is taken relative to.
    let offsets = queries.map { row in
      unsafe Vectors.dot(
        trace.output.pointer(row, own.lowerBound), trace.gradient.pointer(row, own.lowerBound),
        headSize)
    }
    let arriving = try trace.gradient.operand(rows: queries, columns: own)
    let first = firstKey(of: queries.lowerBound, in: sequence)
    for start in stride(from: first, to: queries.upperBound, by: Self.keyBlock) {
      let keys = start..<min(start + Self.keyBlock, queries.upperBound)
      let weights = try scores(trace.joint, queries, keys, place.query, place.key)
      let slopes = machine.matrix(queries.count, keys.count)
      try machine.multiply(
        arriving, trace.joint.operand(rows: keys, columns: place.value).transposed, into: slopes)
      for row in queries {
        let index = row - queries.lowerBound
        let logSum = unsafe trace.logSums.pointer(row, head).pointee
        let seen = seenKeys(by: row, of: keys, in: sequence)
        unsafe clear(weights.pointer(index), keys, except: seen)
        unsafe clear(slopes.pointer(index), keys, except: seen)
        let shift = seen.lowerBound - keys.lowerBound
        unsafe Vectors.scoreGradient(
          weights.pointer(index, shift), slopes.pointer(index, shift), seen.count,
          logSum: logSum, offset: offsets[index], cap: configuration.attentionSoftCap)
      }
      try machine.multiply(
        weights.operand().transposed, arriving, into: gradient, row: keys.lowerBound,
        column: place.value.lowerBound, accumulates: true)
      try machine.multiply(
        slopes.operand(), trace.joint.operand(rows: keys, columns: place.key), into: gradient,
        row: queries.lowerBound, column: place.query.lowerBound, alpha: settings.attentionScale,
        accumulates: true)
      try machine.multiply(
        slopes.operand().transposed, trace.joint.operand(rows: queries, columns: place.query),
        into: gradient, row: keys.lowerBound, column: place.key.lowerBound,
        alpha: settings.attentionScale, accumulates: true)
    }
  }
}
