// Causal attention over blocks of keys with a running softmax (Milakov and Gimelshein 2018; Dao et
// al. 2022), so that no matrix of all scores exists.

internal import TieConvKernels

/// Attention of one layer.
struct Attention: Sendable {
  let configuration: DecoderConfiguration
  let settings: DecoderConfiguration.Layer
  let machine: Machine
  let sequences: [Range<Int>]

  /// Queries and keys that are taken at a time: scores of 64 × 256 stay in the second cache.
  static let queryBlock = 64
  static let keyBlock = 256

  var headSize: Int { configuration.headSize }

  /// The columns of a query head, and of the keys and values that it reads, in the joint matrix.
  func columns(
    ofHead head: Int
  ) -> (query: Range<Int>, key: Range<Int>, value: Range<Int>) {
    let group = configuration.headCount / configuration.keyValueHeadCount
    let key = (configuration.headCount + head / group) * headSize
    let value = key + configuration.keyValueHeadCount * headSize
    let query = head * headSize
    return (query..<query + headSize, key..<key + headSize, value..<value + headSize)
  }

  /// The first key that the query at `row` sees.
  func firstKey(of row: Int, in sequence: Range<Int>) -> Int {
    guard let window = settings.window else { return sequence.lowerBound }
    return max(sequence.lowerBound, row - min(window, row + 1) + 1)
  }

  /// Writes every head's output, rows × (heads × head size), and the logarithm of every softmax's
  /// sum, rows × heads.
  func forward(
    _ joint: FloatMatrix, into output: FloatMatrix, logSums: FloatMatrix
  ) throws(KernelError) {
    var tiles: [(sequence: Range<Int>, queries: Range<Int>, head: Int)] = []
    for sequence in sequences {
      for start in stride(from: sequence.lowerBound, to: sequence.upperBound, by: Self.queryBlock) {
        let queries = start..<min(start + Self.queryBlock, sequence.upperBound)
        tiles += (0..<configuration.headCount).map { (sequence, queries, $0) }
      }
    }
    // Later queries see more keys; the longest tiles first leave the least waiting at the end.
    let work = tiles.sorted {
      keyCount($0.queries, $0.sequence) > keyCount($1.queries, $1.sequence)
    }
    try machine.run(parts: work.count) { part throws(KernelError) in
      let tile = work[part]
      try forwardTile(
        joint, tile.sequence, tile.queries, tile.head, into: output, logSums: logSums)
    }
  }

  private func keyCount(_ queries: Range<Int>, _ sequence: Range<Int>) -> Int {
    queries.upperBound - firstKey(of: queries.lowerBound, in: sequence)
  }

  private func forwardTile(
    _ joint: FloatMatrix, _ sequence: Range<Int>, _ queries: Range<Int>, _ head: Int,
    into output: FloatMatrix, logSums: FloatMatrix
  ) throws(KernelError) {
    let place = columns(ofHead: head)
    let sum = machine.matrix(queries.count, headSize)
    sum.fill(0)
    var maxima = [Float](repeating: -.infinity, count: queries.count)
    var sums = [Float](repeating: 0, count: queries.count)
    let first = firstKey(of: queries.lowerBound, in: sequence)
    for start in stride(from: first, to: queries.upperBound, by: Self.keyBlock) {
      let keys = start..<min(start + Self.keyBlock, queries.upperBound)
      let scores = try scores(joint, queries, keys, place.query, place.key)
      for row in queries {
        let seen = seenKeys(by: row, of: keys, in: sequence)
        let index = row - queries.lowerBound
        let line = unsafe scores.pointer(index)
        unsafe clear(line, keys, except: seen)
        let visible = unsafe line + (seen.lowerBound - keys.lowerBound)
        if let cap = configuration.attentionSoftCap {
          unsafe Vectors.softCap(visible, seen.count, cap: cap)
        }
        let factor = unsafe Vectors.softmaxStep(
          visible, seen.count, maximum: &maxima[index], sum: &sums[index])
        if factor != 1 {
          unsafe Vectors.scale(sum.pointer(index), headSize, by: factor)
        }
      }
      try machine.multiply(
        scores.operand(), joint.operand(rows: keys, columns: place.value), into: sum,
        accumulates: true)
    }
    for row in queries {
      let index = row - queries.lowerBound
      let line = unsafe sum.pointer(index)
      unsafe Vectors.scale(line, headSize, by: 1 / sums[index])
      unsafe output.pointer(row, head * headSize).update(from: line, count: headSize)
      unsafe logSums.pointer(row, head).pointee =
        maxima[index] + Float(Elementary.log(Double(sums[index])))
    }
  }

  /// Query · key times the scale, for a block of either.
  func scores(
    _ joint: FloatMatrix, _ queries: Range<Int>, _ keys: Range<Int>, _ query: Range<Int>,
    _ key: Range<Int>
  ) throws(KernelError) -> FloatMatrix {
    let scores = machine.matrix(queries.count, keys.count)
    try machine.multiply(
      joint.operand(rows: queries, columns: query),
      joint.operand(rows: keys, columns: key).transposed, into: scores,
      alpha: settings.attentionScale)
    return scores
  }

  /// Those of `keys` that the query at `row` sees.
  func seenKeys(by row: Int, of keys: Range<Int>, in sequence: Range<Int>) -> Range<Int> {
    let first = max(keys.lowerBound, firstKey(of: row, in: sequence))
    let end = min(keys.upperBound, row + 1)
    return first < end ? first..<end : keys.lowerBound..<keys.lowerBound
  }

  /// Zeros for what a query does not see.
  func clear(_ line: UnsafeMutablePointer<Float>, _ keys: Range<Int>, except seen: Range<Int>) {
    let before = seen.lowerBound - keys.lowerBound
    let end = seen.upperBound - keys.lowerBound
    unsafe line.update(repeating: 0, count: before)
    unsafe (line + end).update(repeating: 0, count: keys.count - end)
  }
}
