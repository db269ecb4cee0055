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
      guard let matrix = adapter.matrix(module, ".weight") else {
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

  /// Changes `values`, the numbers of `range`, in place; `magnitudes` gains, for each row, a bound of
  /// the terms that were added, whose rounding a comparison must allow for.
  func apply(
    to values: inout [Float], of range: Range<Int>, magnitudes: inout [Float]
  ) throws(IOFailure) {
    switch kind {
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
    case .lowRank(let matrix, let isTransposed, let basis, let scale):
      let known = range.clamped(to: 0..<rows)
      guard !known.isEmpty else { return }
      let rank = basis.count / columns
      let coefficients =
        isTransposed ? try matrix.strip(columns: known) : try matrix.values(of: known)
      for (place, row) in known.enumerated() {
        let start = (row - range.lowerBound) * columns
        // The product first, then the sum: as a merge computes them.
        var delta = [Float](repeating: 0, count: columns)
        var bound: Float = 0
        for k in 0..<rank {
          let factor =
            coefficients[isTransposed ? k * known.count + place : place * rank + k] * scale
          bound += abs(factor) * largest[k]
          try decoding(matrix.side.file.path) { () throws(KernelError) in
            var span = delta.mutableSpan
            try PackedKernels.best.add(
              basis.span.extracting(k * columns..<(k + 1) * columns), times: factor, to: &span)
          }
        }
        magnitudes[row - range.lowerBound] += bound
        try decoding(matrix.side.file.path) { () throws(KernelError) in
          var all = values.mutableSpan
          var span = all._mutatingExtracting(start..<start + columns)
          try PackedKernels.best.add(delta.span, times: 1, to: &span)
        }
      }
    }
  }
}
