// A packed matrix read as if it were stored plain.

package import TieConvIO
internal import TieConvKernels

/// The numbers of a packed matrix, decoded as they are asked for.
///
/// Any range of its bytes (row-major, little-endian elements of ``dtype``) can be read from any
/// thread; only the rows that hold it are decoded, a block of bounded size at a time. The numbers
/// are, bit for bit, those of the format's reference implementation in its result type; a NaN is a
/// NaN, whatever its payload.
public final class DequantizedMatrix: Sendable {
  /// How the matrix is packed.
  public let scheme: QuantizationScheme
  /// Rows, the output features or tokens.
  public let rows: Int
  /// Columns, the input features.
  public let columns: Int
  /// The type of the numbers: BF16, F16 or F32.
  public let dtype: DType
  /// The file that holds the codes.
  public let path: String
  /// The permission bits of that file.
  package let permissions: UInt32
  /// The size in bytes of the matrix as it is presented.
  package let size: Int

  private let decoder: any RowDecoder
  private let rowBytes: Int
  /// Rows that are decoded at a time.
  private let rowsPerBlock: Int
  /// The numbers that are decoded at a time: a mebibyte as F32.
  private static let blockCount = 256 << 10

  /// The matrix that `family` stores in `checkpoint`. Every shape, dtype and index is checked here.
  ///
  /// - Throws: `unsupportedFormat` for a packing that is not decoded, by its name;
  ///   `invalidQuantization` where the tensors contradict each other or the configuration.
  public convenience init(
    _ family: TensorFamily, in checkpoint: Checkpoint
  ) throws(CheckpointError) {
    let settings = try QuantizationSettings(checkpoint)
    try self.init(PackedFamily(checkpoint: checkpoint, family: family, settings: settings))
  }

  /// The matrix of the module `stem` (`model.embed_tokens`); nil where it stores none, or a plain
  /// one.
  public convenience init?(stem: String, in checkpoint: Checkpoint) throws(CheckpointError) {
    guard let family = TensorFamily(stem: stem, isStored: { checkpoint.tensor($0) != nil }),
      family.isQuantized, family.main != nil
    else { return nil }
    try self.init(family, in: checkpoint)
  }

  convenience init(_ family: PackedFamily) throws(CheckpointError) {
    let packing = try Packing(recognizing: family)
    guard let file = packing.decoder.sources.first else {
      throw family.fault(nil, "is stored nowhere")
    }
    self.init(packing, file)
  }

  private init(_ packing: Packing, _ file: any ByteSource) {
    decoder = packing.decoder
    scheme = packing.scheme
    rows = decoder.rows
    columns = decoder.columns
    dtype = decoder.result
    rowBytes = columns * (dtype.byteWidth ?? 4)
    size = rows * rowBytes
    rowsPerBlock = max(1, Self.blockCount / max(1, columns))
    path = file.path
    permissions = file.permissions
  }

  /// The extents.
  public var shape: Shape { Shape([UInt64(rows), UInt64(columns)]) }

  /// The bytes of some rows, or of all.
  ///
  /// - Throws: `CheckpointError` where a file cannot be read.
  public func bytes(rows: Range<Int>? = nil) throws(CheckpointError) -> [UInt8] {
    let rows = (rows ?? 0..<self.rows).clamped(to: 0..<self.rows)
    return try reading { () throws(IOFailure) in
      try bytes(in: rows.lowerBound * rowBytes..<rows.upperBound * rowBytes)
    }
  }
}

extension DequantizedMatrix: ByteSource {
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    guard offset >= 0, buffer.count <= size - offset else {
      throw IOFailure(
        "read", path, reason: .unexpectedEnd, message: "the matrix ends at byte \(size)")
    }
    var done = 0
    while done < buffer.count {
      let place = offset + done
      let first = place / rowBytes
      let last = (offset + buffer.count - 1) / rowBytes
      let block = first..<min(last + 1, first + rowsPerBlock)
      let skipped = place - first * rowBytes
      let count = min(block.count * rowBytes - skipped, buffer.count - done)
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      unsafe try decode(block, from: skipped, into: target)
      done += count
    }
  }

  /// Fills `target` with the bytes of `rows` from byte `skipped` on.
  private func decode(
    _ rows: Range<Int>, from skipped: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    let values = try decoder.values(of: rows)
    if dtype == .f32 {
      unsafe Self.copy(values.span.bytes, skipped, target)
    } else {
      let patterns = try ResultRounding.patterns(values, dtype, path: path)
      unsafe Self.copy(patterns.span.bytes, skipped, target)
    }
  }

  private static func copy(
    _ bytes: RawSpan, _ skipped: Int, _ target: UnsafeMutableRawBufferPointer
  ) {
    unsafe bytes.withUnsafeBytes { source in
      unsafe target.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[skipped..<skipped + target.count]))
    }
  }

  package func checkUnchanged() throws(IOFailure) {
    for source in decoder.sources { try source.checkUnchanged() }
  }
}
