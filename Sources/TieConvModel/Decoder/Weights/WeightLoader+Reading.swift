// Copying a decoder's weights, block by block, in the type that products take.

internal import TieConv
internal import TieConvKernels

extension WeightLoader {
  /// Elements that are converted at a time.
  static let blockElements = 1 << 20

  @discardableResult func checkShape(
    _ binding: TensorBinding
  ) throws(CheckpointError) -> TensorInfo {
    guard let info = model.tensor(binding.name) else { throw missing(binding.name) }
    guard info.shape.dimensions == binding.shape.map(UInt64.init) else {
      throw CheckpointError(
        .invalidConfig, file: model.path, tensor: binding.name,
        "its shape contradicts the config", found: info.shape.description,
        expected: "\(binding.shape)")
    }
    return info
  }

  func read(
    _ binding: TensorBinding, into matrix: WeightMatrix
  ) throws(CheckpointError) {
    let info = try checkShape(binding)
    guard let kind = ElementKind(info.dtype), kind != .f64 else {
      throw CheckpointError(
        .unsupportedFormat, file: model.path, tensor: binding.name,
        "weights of type \(info.dtype.rawValue) cannot be run")
    }
    // A tensor's first dimension; the rows of a binding may be finer.
    let lines = binding.shape[0]
    let perLine = binding.shape.dropFirst().reduce(1, *)
    let step = max(1, Self.blockElements / max(1, perLine))
    for start in stride(from: 0, to: lines, by: step) {
      let range = start..<min(start + step, lines)
      let part = try model.bytes(of: binding.name, rows: range, options: options)
      guard let bytes = part else { throw missing(binding.name) }
      let floats = try widened(bytes, kind, count: range.count * perLine, binding.name)
      do throws(KernelError) {
        try place(floats, from: start * perLine, binding, matrix)
      } catch {
        throw CheckpointError(
          .invalidConfig, file: model.path, tensor: binding.name, "\(error)")
      }
    }
  }

  func widened(
    _ bytes: [UInt8], _ kind: ElementKind, count: Int, _ name: String
  ) throws(CheckpointError) -> [Float] {
    var floats = [Float](repeating: 0, count: count)
    do throws(KernelError) {
      var target = floats.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &target)
    } catch {
      throw CheckpointError(.tensorSizeMismatch, file: model.path, tensor: name, "\(error)")
    }
    return floats
  }

  /// Writes elements of a tensor, from the one numbered `first` on, to their places.
  private func place(
    _ floats: [Float], from first: Int, _ binding: TensorBinding, _ matrix: WeightMatrix
  ) throws(KernelError) {
    let (_, columns) = binding.extent
    try unsafe floats.withUnsafeBufferPointer { buffer throws(KernelError) in
      if case .rows(let row) = binding.placement {
        // Consecutive elements stay consecutive.
        try unsafe matrix.set(buffer, element: row * columns + first)
        return
      }
      let rows = buffer.count / columns
      guard binding.placement != .transposed else {
        try unsafe placeTransposed(buffer, from: first / columns, columns, matrix)
        return
      }
      for row in 0..<rows {
        let line = unsafe UnsafeBufferPointer(
          rebasing: buffer[row * columns..<(row + 1) * columns])
        try unsafe matrix.set(line, element: binding.parameterRow(first / columns + row) * columns)
      }
    }
  }

  private func placeTransposed(
    _ floats: UnsafeBufferPointer<Float>, from row: Int, _ columns: Int, _ matrix: WeightMatrix
  ) throws(KernelError) {
    let rows = floats.count / columns
    var line = [Float](repeating: 0, count: rows)
    for column in 0..<columns {
      for index in 0..<rows { line[index] = unsafe floats[index * columns + column] }
      try unsafe line.withUnsafeBufferPointer { line throws(KernelError) in
        try unsafe matrix.set(line, element: column * matrix.columns + row)
      }
    }
  }
}
