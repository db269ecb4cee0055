// Rows of a stored matrix as F32.

internal import TieConv
internal import TieConvKernels

/// Reads rows of one matrix of a checkpoint.
struct RowReader {
  let checkpoint: Checkpoint
  let name: String
  let rows: Int
  let columns: Int
  private let kind: ElementKind
  private let options: ExecutionOptions

  /// - Throws: where the tensor is not a matrix of floats.
  init(
    _ checkpoint: Checkpoint, _ name: String, _ options: ExecutionOptions
  ) throws(CheckpointError) {
    guard let info = checkpoint.tensor(name)?.info, let extent = info.shape.matrix,
      let kind = ElementKind(info.dtype), kind != .f64
    else {
      throw CheckpointError(
        .unsupportedFormat, file: checkpoint.path, tensor: name, "not a matrix of plain floats")
    }
    self.checkpoint = checkpoint
    self.name = name
    (rows, columns) = extent
    self.kind = kind
    self.options = options
  }

  /// Blocks of about a million elements.
  var blocks: [Range<Int>] {
    let step = max(1, (1 << 20) / max(1, columns))
    return stride(from: 0, to: rows, by: step).map { $0..<min($0 + step, rows) }
  }

  /// The elements of some rows.
  func floats(_ range: Range<Int>) throws(CheckpointError) -> [Float] {
    guard let bytes = try checkpoint.bytes(of: name, rows: range, options: options) else {
      throw CheckpointError(.notAModel, file: checkpoint.path, tensor: name, "not stored")
    }
    var floats = [Float](repeating: 0, count: range.count * columns)
    do throws(KernelError) {
      var span = floats.mutableSpan
      unsafe try Widening.toFloat32(bytes.span.bytes, kind: kind, into: &span)
    } catch {
      throw CheckpointError(
        .tensorSizeMismatch, file: checkpoint.path, tensor: name, "\(error)")
    }
    return floats
  }
}
