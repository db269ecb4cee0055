// Reading a tensor, or rows of one, from wherever it is stored.

internal import TieConvIO
internal import TieConvKernels

extension Checkpoint {
  /// What one worker reads at a time: whole chunks of a container, so that none is decoded twice.
  private static let blockCount = 4 << 20

  /// The bytes of the tensor called `name`, or of some of its rows (its first dimension); nil where
  /// it is not stored, or does not have these rows.
  ///
  /// Reads what is asked for and nothing else; a container decodes the chunks that hold it, several
  /// at a time.
  ///
  /// - Throws: `CheckpointError` where the file cannot be read or is damaged.
  public func bytes(
    of name: String, rows: Range<Int>? = nil, options: ExecutionOptions = ExecutionOptions()
  ) throws(CheckpointError) -> [UInt8]? {
    guard let (shard, info) = tensor(name) else { return nil }
    guard let range = shard.fileRange(of: info, rows: rows) else { return nil }
    let source = shard.file
    let target = AlignedBuffer(count: range.count)
    let blocks = (range.count + Self.blockCount - 1) / Self.blockCount
    try reading { () throws(IOFailure) in
      try ParallelLoop.run(blocks: blocks, threads: options.threads) {
        (block, _) throws(IOFailure) in
        try options.cancellation.check()
        let start = block * Self.blockCount
        let end = min(start + Self.blockCount, range.count)
        let part = unsafe UnsafeMutableRawBufferPointer(
          rebasing: target.bytes(range.count)[start..<end])
        unsafe try source.read(into: part, at: range.lowerBound + start)
      }
    }
    return unsafe [UInt8](target.bytes(range.count))
  }
}

extension Shard {
  /// Where `rows` of `tensor` stand in the file, or all of it; nil where it does not have them.
  fileprivate func fileRange(of tensor: TensorInfo, rows: Range<Int>?) -> Range<Int>? {
    let whole = fileRange(of: tensor)
    guard let rows else { return whole }
    guard let count = tensor.shape.dimensions.first.flatMap({ Int(exactly: $0) }), count > 0,
      rows.lowerBound >= 0, rows.upperBound <= count, whole.count % count == 0
    else { return nil }
    let row = whole.count / count
    return whole.lowerBound + rows.lowerBound * row..<whole.lowerBound + rows.upperBound * row
  }
}
