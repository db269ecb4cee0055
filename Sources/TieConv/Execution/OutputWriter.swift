// Writes planned files under a staging path: ranges by the kernel, in parallel, in any order.

internal import TieConvIO
internal import TieConvKernels

/// Writes the files of a plan.
struct OutputWriter {
  /// One copy by one worker: long enough that a call costs nothing, short enough to share out.
  static let chunkCount = 32 << 20
  /// What one worker computes before it writes: with what is read for it, the memory of a worker.
  static let computedCount = 4 << 20

  let plan: OutputPlan
  let sources: SourceFiles
  let options: ExecutionOptions

  private struct Chunk {
    let file: Int
    let piece: OutputPlan.Piece
    let offset: Int
  }

  /// Writes every file; the result is the open files, still to be synced.
  ///
  /// - Parameter path: gives the place of a planned file.
  /// - Returns: the open files, in the order of the plan.
  /// - Throws: `writeFailed`, `diskFull`, `inputChanged` or `interrupted`.
  func write(at path: (OutputPlan.File) -> String) throws(CheckpointError) -> [OutputFile] {
    let files = try writing { () throws(IOFailure) in
      var files: [OutputFile] = []
      for file in plan.files { files.append(try create(file, at: path(file))) }
      return files
    }
    let chunks = plan.files.enumerated().flatMap { Self.chunks(of: $1, number: $0) }
    let meter = ProgressMeter("copying", total: plan.count, options)
    try writing { () throws(IOFailure) in
      try ParallelLoop.run(blocks: chunks.count, threads: options.threads) {
        (number, _) throws(IOFailure) in
        try options.cancellation.check()
        let chunk = chunks[number]
        try write(chunk, to: files[chunk.file])
        meter.advance(chunk.piece.count)
      }
    }
    return files
  }

  /// A file that is one whole input file keeps its permissions.
  private func create(_ file: OutputPlan.File, at path: String) throws(IOFailure) -> OutputFile {
    let name = file.pieces.first?.source
    guard let name, file.pieces.allSatisfy({ $0.source == name }) else {
      return try OutputFile(creating: path)
    }
    return try OutputFile(creating: path, permissions: try sources.file(name).permissions)
  }

  private func write(_ chunk: Chunk, to file: OutputFile) throws(IOFailure) {
    switch chunk.piece {
    case .literal(let bytes): try file.write(bytes, at: chunk.offset)
    case .copy(let name, let range):
      let copy = RangeCopy(from: try sources.file(name), to: file)
      try copy.copy(range, to: chunk.offset)
      file.startWriteback(chunk.offset..<chunk.offset + range.count)
    case .computed(let name, let range):
      try compute(try sources.tensor(name), range, to: file, at: chunk.offset)
    }
  }

  /// Computes and writes a range of a tensor, a block at a time.
  private func compute(
    _ tensor: ConvertedTensor, _ range: Range<Int>, to file: OutputFile, at offset: Int
  ) throws(IOFailure) {
    let block = AlignedBuffer(count: min(range.count, Self.computedCount))
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.computedCount) {
      try options.cancellation.check()
      let count = min(Self.computedCount, range.upperBound - start)
      let bytes = unsafe block.bytes(count)
      unsafe try tensor.read(into: bytes, at: start)
      let place = offset + start - range.lowerBound
      unsafe try file.write(UnsafeRawBufferPointer(bytes), at: place)
      file.startWriteback(place..<place + count)
    }
  }

  private static func chunks(of file: OutputPlan.File, number: Int) -> [Chunk] {
    var chunks: [Chunk] = []
    var offset = 0
    for piece in file.pieces {
      switch piece {
      case .literal: chunks.append(Chunk(file: number, piece: piece, offset: offset))
      case .copy(let name, let range):
        for part in parts(of: range) {
          chunks.append(
            Chunk(
              file: number, piece: .copy(file: name, range: part),
              offset: offset + part.lowerBound - range.lowerBound))
        }
      case .computed(let name, let range):
        for part in parts(of: range) {
          chunks.append(
            Chunk(
              file: number, piece: .computed(tensor: name, range: part),
              offset: offset + part.lowerBound - range.lowerBound))
        }
      }
      offset += piece.count
    }
    return chunks
  }

  private static func parts(of range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: chunkCount).map { start in
      start..<min(start + chunkCount, range.upperBound)
    }
  }
}
