// What an adapter does to one matrix, row by row.

internal import TieConvIO
internal import TieConvKernels

/// One change of one matrix.
struct AdapterChange: Sendable {
  private enum Kind: Sendable {
    /// Row v gains scale × Σ coefficient[v, k] · basis[k]: rank × columns numbers are held.
    case lowRank(NumericMatrix, isTransposed: Bool, basis: [Float], scale: Float)
    case whole(NumericMatrix)
    /// Row number → its place in the matrix.
    case rows([Int: Int], NumericMatrix)
  }

  private let kind: Kind
  let rows: Int
  let columns: Int
  /// The dtype that the change was stored in: its rounding limits how exactly a merge is known.
  let dtype: DType
  /// The greatest magnitude of each row of the basis.
  private let largest: [Float]

  /// The most numbers of a basis that are held: rank 1024 of the widest models.
  private static let maximumBasis = 64 << 20

  /// What `adapter` does to `module`.
  ///
  /// - Throws: `unsupportedFormat` for a change that is not worked out, by its name;
  ///   `invalidAdapter` where tensors are missing or do not fit together.
  init(_ adapter: PEFTAdapter, module: String) throws(CheckpointError) {
    let content = adapter.contents[module]
    switch content {
    case .lowRank?:
      (kind, rows, columns, dtype) = try Self.lowRank(adapter, module)
    case .whole?:
      // PEFT strips the wrapper's name; a state dict saved by hand has it.
      let saved =
        adapter.matrix(module, ".weight") ?? adapter.matrix(module, ".modules_to_save.weight")
      guard let matrix = saved else {
        throw Self.fault(adapter, module, "no weight is saved for the module")
      }
      (kind, rows, columns) = (.whole(matrix), matrix.rows, matrix.columns)
      dtype = matrix.side.dtype
    case .rows?:
      (kind, rows, columns, dtype) = try Self.tokens(adapter, module)
    case nil: throw Self.fault(adapter, module, "the adapter does not hold the module")
    }
    if case .lowRank(_, _, let basis, _) = kind {
      let width = columns
      largest = stride(from: 0, to: basis.count, by: width).map { start in
        basis[start..<start + width].reduce(0) { max($0, abs($1)) }
      }
    } else {
      largest = []
    }
  }

  private static func lowRank(
    _ adapter: PEFTAdapter, _ module: String
  ) throws(CheckpointError) -> (Kind, Int, Int, DType) {
    try checkVariant(adapter, module)
    let embedding = adapter.matrix(module, ".lora_embedding_A")
    // For an embedding A is rank × tokens and B is columns × rank; for a linear layer B is
    // rows × rank and A is rank × columns.
    let coefficients = embedding ?? adapter.matrix(module, ".lora_B.weight")
    let other = adapter.matrix(module, embedding == nil ? ".lora_A.weight" : ".lora_embedding_B")
    guard let coefficients, let other else {
      throw fault(adapter, module, "one of the two LoRA matrices is missing or no matrix of floats")
    }
    let isTransposed = embedding != nil
    let rank = isTransposed ? coefficients.rows : coefficients.columns
    let columns = isTransposed ? other.rows : other.columns
    guard rank == (isTransposed ? other.columns : other.rows), rank > 0,
      columns <= PackedFamily.maximumColumns, rank <= maximumBasis / columns
    else { throw fault(adapter, module, "the two LoRA matrices do not fit together") }
    var basis = try reading { () throws(IOFailure) in try other.values(of: 0..<other.rows) }
    if isTransposed { basis = transposed(basis, rows: columns, columns: rank) }
    let scale = try LoRAScale(adapter, module: module, rank: rank).value
    return (
      .lowRank(coefficients, isTransposed: isTransposed, basis: basis, scale: scale),
      isTransposed ? coefficients.columns : coefficients.rows, columns, coefficients.side.dtype
    )
  }

  /// Refuses variants whose change is no plain product.
  private static func checkVariant(
    _ adapter: PEFTAdapter, _ module: String
  ) throws(CheckpointError) {
    let type = adapter.config["peft_type"]?.string ?? "LORA"
    var name: String? = type.uppercased() == "LORA" ? nil : type
    for (key, word) in [
      ("use_dora", "DoRA"), ("use_qalora", "QALoRA"), ("use_bdlora", "BD-LoRA"),
      ("fan_in_fan_out", "LoRA on a transposed layer"),
    ] where adapter.config[key]?.bool == true { name = word }
    if adapter.shard.tensors.contains(where: {
      $0.name.hasSuffix("\(module).lora_magnitude_vector")
        || $0.name.hasSuffix("\(module).lora_magnitude_vector.weight")
    }) {
      name = "DoRA"
    }
    guard let name else { return }
    throw CheckpointError(
      .unsupportedFormat, file: adapter.path, tensor: module,
      "\(TensorName.escaped(name)) is not worked out",
      hint: "only plain LoRA, saved modules and trainable tokens are compared with a merge")
  }

  private static func tokens(
    _ adapter: PEFTAdapter, _ module: String
  ) throws(CheckpointError) -> (Kind, Int, Int, DType) {
    guard let delta = adapter.matrix(module, ".token_adapter.trainable_tokens_delta") else {
      throw fault(adapter, module, "the rows of its trainable tokens are missing")
    }
    let stated = adapter.config["trainable_token_indices"] ?? adapter.config["token_indices"]
    let last = String(TensorName(module).last)
    let own =
      stated?.elements
      ?? stated?.members?.first { $0.key == last || $0.key == module }?
      .node.elements
    let indices = (own ?? []).compactMap(\.integer)
    guard indices.count == delta.rows, indices.allSatisfy({ $0 >= 0 }),
      Set(indices).count == indices.count
    else {
      throw fault(
        adapter, module, "there are \(delta.rows) trained rows and \(indices.count) numbers of them"
      )
    }
    let places = Dictionary(
      indices.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return (.rows(places, delta), (indices.max() ?? 0) + 1, delta.columns, delta.side.dtype)
  }

  static func fault(
    _ adapter: PEFTAdapter, _ module: String, _ message: String
  ) -> CheckpointError {
    CheckpointError(.invalidAdapter, file: adapter.path, tensor: module, message)
  }

  private static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    for row in 0..<rows {
      for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
    }
    return result
  }
}

extension AdapterChange {
  /// Whether single rows take the place of the base's.
  var isRows: Bool { if case .rows = kind { true } else { false } }

  /// The number of terms that are summed; 0 where numbers are replaced.
  var rank: Int { largest.count }

  /// What is added to the rows of `range`.
  struct Delta {
    /// The sums, row by row.
    var values: [Float]
    /// For each row a bound of the terms, whose rounding a comparison must allow for.
    var magnitudes: [Float]
  }

  /// The product that is added to `range`, computed before the sum, as a merge does; nil for a change
  /// that takes the place of numbers.
  func delta(of range: Range<Int>) throws(IOFailure) -> Delta? {
    guard case .lowRank(let matrix, let isTransposed, let basis, let scale) = kind else {
      return nil
    }
    var delta = Delta(
      values: [Float](repeating: 0, count: range.count * columns),
      magnitudes: [Float](repeating: 0, count: range.count))
    let known = range.clamped(to: 0..<rows)
    guard !known.isEmpty else { return delta }
    let rank = self.rank
    let coefficients =
      isTransposed ? try matrix.strip(columns: known) : try matrix.values(of: known)
    let first = known.lowerBound - range.lowerBound
    for place in 0..<known.count {
      var bound: Float = 0
      for k in 0..<rank {
        let factor = coefficients[isTransposed ? k * known.count + place : place * rank + k]
        bound += abs(factor * scale) * largest[k]
      }
      delta.magnitudes[first + place] = bound
    }
    try decoding(matrix.side.file.path) { () throws(KernelError) in
      try Self.multiply(
        coefficients, isTransposed: isTransposed, rows: known.count, basis, scale: scale,
        into: &delta.values, from: first * columns)
    }
    return delta
  }

  /// Writes scale · coefficients · basis over the elements from `start` on.
  private static func multiply(
    _ coefficients: [Float], isTransposed: Bool, rows: Int, _ basis: [Float], scale: Float,
    into values: inout [Float], from start: Int
  ) throws(KernelError) {
    let rank = coefficients.count / max(rows, 1)
    let columns = basis.count / max(rank, 1)
    var failure: KernelError?
    unsafe coefficients.withUnsafeBufferPointer { left in
      unsafe basis.withUnsafeBufferPointer { right in
        unsafe values.withUnsafeMutableBufferPointer { target in
          do throws(KernelError) {
            let a = try unsafe MatrixOperand(
              left, rows: isTransposed ? rank : rows, columns: isTransposed ? rows : rank,
              transposed: isTransposed)
            let b = try unsafe MatrixOperand(right, rows: rank, columns: columns)
            try unsafe MatrixProduct.multiply(
              a, b, into: UnsafeMutableBufferPointer(rebasing: target[start...]), scale: scale,
              pool: single)
          } catch {
            failure = error
          }
        }
      }
    }
    if let failure { throw failure }
  }

  /// Blocks are shared out among threads already.
  private static let single = ThreadPool(threads: 1)

  /// Puts what takes the place of `values`, the numbers of `range`, there.
  func replace(_ values: inout [Float], of range: Range<Int>) throws(IOFailure) {
    switch kind {
    case .lowRank: return
    case .whole(let matrix):
      let known = range.clamped(to: 0..<matrix.rows)
      let new = try matrix.values(of: known)
      let start = (known.lowerBound - range.lowerBound) * columns
      values.replaceSubrange(start..<start + new.count, with: new)
    case .rows(let places, let matrix):
      for (number, row) in range.enumerated() {
        guard let place = places[row] else { continue }
        let new = try matrix.values(of: place..<place + 1)
        values.replaceSubrange(number * columns..<(number + 1) * columns, with: new)
      }
    }
  }
}
