// Writes planned files under a staging path, in parallel and in any order: ranges of files by the
// kernel, ranges that have to be decoded through a queue. As a file system takes the bytes of one
// file from one thread at a time, as many files as there are threads are being written at once.

internal import TieConvIO
internal import TieConvKernels

/// Writes the files of a plan.
struct OutputWriter {
  /// One copy by one worker: long enough that a call costs nothing, short enough to share out.
  static let chunkCount = 32 << 20
  /// What one worker computes before it writes: with what is read for it, the memory of a worker.
  static let computedCount = 4 << 20
  /// One decoded range: few enough bytes to be in the cache still when they are written, and whole
  /// chunks of a container, so that none is decoded in parts.
  private static let blockCount = 4 * ContainerFormat.span
  /// Decoded ranges that wait to be written.
  private static let maximumSpare = 8

  let plan: OutputPlan
  let sources: SourceFiles
  let options: ExecutionOptions

  private struct Chunk {
    let file: Int
    let piece: OutputPlan.Piece
    let offset: Int
    /// Where the bytes are decoded; nil where the kernel copies them.
    let source: (any ByteSource)?
  }

  /// The queue to the files, and the buffer that each worker fills next.
  private final class DecodedOutput: Sendable {
    private final class Room: @unchecked Sendable {
      // One worker at a time has it.
      var buffer = AlignedBuffer(count: blockCount)
    }

    let queue: WriteQueue
    private let rooms: [Room]

    init(_ options: ExecutionOptions) {
      let threads = max(1, options.threads)
      queue = WriteQueue(spare: min(threads + 1, maximumSpare), capacity: blockCount)
      rooms = (0..<threads).map { _ in Room() }
    }

    /// Decodes `range` of `source` to `offset` of `file`.
    func write(
      _ range: Range<Int>, of source: any ByteSource, to file: OutputFile, at offset: Int,
      worker: Int
    ) throws(IOFailure) {
      let room = rooms[worker]
      unsafe try source.read(into: room.buffer.bytes(range.count), at: range.lowerBound)
      room.buffer = try queue.submit(at: offset, of: file, room.buffer, count: range.count)
    }
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
    let meter = ProgressMeter("copying", total: plan.count, options)
    try writing { () throws(IOFailure) in
      var chunks: [[Chunk]] = []
      for (number, file) in plan.files.enumerated() {
        chunks.append(try self.chunks(of: file, number: number))
      }
      let all = Self.sideBySide(chunks, lanes: options.threads)
      let decoding = all.contains { $0.source != nil } ? DecodedOutput(options) : nil
      try ParallelLoop.run(blocks: all.count, threads: options.threads) {
        (number, worker) throws(IOFailure) in
        do throws(IOFailure) {
          try options.cancellation.check()
          let chunk = all[number]
          try write(chunk, to: files[chunk.file], decoding, worker)
          meter.advance(chunk.piece.count)
        } catch {
          decoding?.queue.stop(error)
          throw error
        }
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

  private func write(
    _ chunk: Chunk, to file: OutputFile, _ decoding: DecodedOutput?, _ worker: Int
  ) throws(IOFailure) {
    switch chunk.piece {
    case .literal(let bytes): try file.write(bytes, at: chunk.offset)
    case .copy(let name, let range):
      if let source = chunk.source, let decoding {
        return try decoding.write(range, of: source, to: file, at: chunk.offset, worker: worker)
      }
      let copy = RangeCopy(from: try sources.file(name), to: file)
      try copy.copy(range, to: chunk.offset)
      file.startWriteback(chunk.offset..<chunk.offset + range.count)
    case .computed(let name, let range):
      try compute(try sources.tensor(name), range, to: file, at: chunk.offset)
    }
  }

  /// Computes and writes a range of a tensor, a block at a time.
  private func compute(
    _ tensor: any ByteSource, _ range: Range<Int>, to file: OutputFile, at offset: Int
  ) throws(IOFailure) {
    let block = AlignedBuffer(count: min(range.count, Self.computedCount))
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.computedCount) {
      try options.cancellation.check()
      let count = min(Self.computedCount, range.upperBound - start)
      let bytes = unsafe block.bytes(count)
      unsafe try tensor.read(into: bytes, at: start)
      unsafe try file.writeOnward(
        UnsafeRawBufferPointer(bytes), at: offset + start - range.lowerBound)
    }
  }

  /// The elements of `lists`, from `lanes` lists in turn; a list that ends makes room for the next.
  static func sideBySide<Element>(_ lists: [[Element]], lanes: Int) -> [Element] {
    var waiting = lists.filter { !$0.isEmpty }[...]
    var open: [ArraySlice<Element>] = []
    var result: [Element] = []
    while !waiting.isEmpty || !open.isEmpty {
      while open.count < max(1, lanes), let next = waiting.popFirst() { open.append(next[...]) }
      for lane in open.indices { if let next = open[lane].popFirst() { result.append(next) } }
      open.removeAll(where: \.isEmpty)
    }
    return result
  }

  private func chunks(of file: OutputPlan.File, number: Int) throws(IOFailure) -> [Chunk] {
    var chunks: [Chunk] = []
    var offset = 0
    for piece in file.pieces {
      switch piece {
      case .literal:
        chunks.append(Chunk(file: number, piece: piece, offset: offset, source: nil))
      case .copy(let name, let range):
        let source = try sources.file(name)
        let isDecoded = source.file(holding: range) == nil
        for part in Self.parts(of: range, by: isDecoded ? Self.blockCount : Self.chunkCount) {
          chunks.append(
            Chunk(
              file: number, piece: .copy(file: name, range: part),
              offset: offset + part.lowerBound - range.lowerBound,
              source: isDecoded ? source : nil))
        }
      case .computed(let name, let range):
        for part in Self.parts(of: range, by: Self.chunkCount) {
          chunks.append(
            Chunk(
              file: number, piece: .computed(tensor: name, range: part),
              offset: offset + part.lowerBound - range.lowerBound, source: nil))
        }
      }
      offset += piece.count
    }
    return chunks
  }

  private static func parts(of range: Range<Int>, by count: Int) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: count).map { start in
      start..<min(start + count, range.upperBound)
    }
  }
}
