// Writes a planned container in one pass: chunks, table, footer.
//
// Workers take groups of chunks. Each group is read, encoded, decoded again and compared in the
// worker's own buffers; then it is handed over, to be written behind the group before it. What comes
// out is one stream, from the first byte to the last, and does not depend on which worker took which
// group.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Writes a container into a stream; into a ``CountingSink``, where only its size is wanted.
final class ContainerWriter: Sendable {
  /// Chunks that one worker takes at a time.
  private static let groupCount = 4
  /// Each worker has some 5 MiB of buffers.
  private static let maximumThreads = 32
  /// Groups that are finished before one that is written ahead of them.
  private static let maximumSpare = 8

  private struct State {
    var chunks: [Int: ContainerTable.Chunk] = [:]
    var baseDigests: [Int: UInt64] = [:]
  }

  private let plan: ContainerPlan
  private let sink: any StreamSink
  private let codec: ContainerCodec
  private let verifies: Bool
  private let options: ExecutionOptions
  private let firstChunks: [Int]
  private let chunkCount: Int
  private let state = Mutex(State())

  init(
    _ plan: ContainerPlan, to sink: any StreamSink, codec: ContainerCodec, verifies: Bool,
    options: ExecutionOptions
  ) {
    self.plan = plan
    self.sink = sink
    self.codec = codec
    self.verifies = verifies
    self.options = options
    var count = 0
    firstChunks = plan.blobs.map { blob in
      defer { count += (blob.size + ContainerFormat.span - 1) / ContainerFormat.span }
      return count
    }
    chunkCount = count
  }

  /// Writes everything and ends the stream; the result is its size.
  func write() throws(CheckpointError) -> Int {
    try writing { () throws(IOFailure) in
      do throws(IOFailure) {
        // Features: none.
        let header = ContainerFormat.magic + Self.bytes(Int(ContainerFormat.version))
        try sink.append(header)
        try writeChunks()
        try writeTable(after: header)
        try sink.finish()
      } catch {
        sink.stop()
        throw error
      }
      return sink.count
    }
  }

  // MARK: Chunks

  private func writeChunks() throws(IOFailure) {
    let groups = (chunkCount + Self.groupCount - 1) / Self.groupCount
    let threads = min(options.threads, Self.maximumThreads)
    var workers: [ChunkGroupWorker] = []
    for _ in 0..<max(1, min(threads, groups)) {
      workers.append(
        try ChunkGroupWorker(codec: codec, verifies: verifies, capacity: Self.groupCount))
    }
    // What is finished early waits in a spare buffer, and its worker goes on.
    let queue = WriteQueue(
      spare: min(workers.count + 1, Self.maximumSpare),
      capacity: ChunkGroupWorker.targetCount(Self.groupCount))
    let meter = ProgressMeter(
      "compressing", total: plan.blobs.reduce(0) { $0 + $1.size }, options)
    let crew = workers
    try ParallelLoop.run(blocks: groups, threads: threads) { (group, worker) throws(IOFailure) in
      do throws(IOFailure) {
        try options.cancellation.check()
        let chunks = chunks(of: group)
        try crew[worker].run(chunks, plan)
        meter.advance(chunks.reduce(0) { $0 + $1.range.count })
        try finish(group, crew[worker], queue)
      } catch {
        queue.stop(error)
        throw error
      }
    }
  }

  /// Hands a group over to be written.
  private func finish(
    _ group: Int, _ worker: ChunkGroupWorker, _ queue: WriteQueue
  ) throws(IOFailure) {
    state.withLock { state in
      for (number, chunk) in worker.records { state.chunks[number] = chunk }
      for (chunk, digest) in worker.baseDigests { state.baseDigests[chunk] = digest }
    }
    worker.target = try queue.submit(
      group, to: sink, worker.target, count: worker.storedCount)
  }

  private func chunks(of group: Int) -> [PlannedChunk] {
    let numbers =
      group * Self.groupCount..<min((group + 1) * Self.groupCount, chunkCount)
    var low = 0
    var high = firstChunks.count
    while low < high {
      let middle = (low + high) / 2
      if firstChunks[middle] <= numbers.lowerBound { low = middle + 1 } else { high = middle }
    }
    var blob = low - 1
    return numbers.map { number in
      while blob + 1 < firstChunks.count, firstChunks[blob + 1] <= number { blob += 1 }
      let start = (number - firstChunks[blob]) * ContainerFormat.span
      let end = min(start + ContainerFormat.span, plan.blobs[blob].size)
      return PlannedChunk(number: number, blob: blob, range: start..<end)
    }
  }

  // MARK: Table

  private func writeTable(after header: [UInt8]) throws(IOFailure) {
    let (found, baseDigests) = state.withLock { ($0.chunks, $0.baseDigests) }
    let chunks = (0..<chunkCount).compactMap { found[$0] }
    var table = ContainerTable(layout: plan.layout, span: ContainerFormat.span)
    table.chunks = chunks
    table.tensors = plan.tensors
    table.files = plan.files
    for (number, blob) in plan.blobs.enumerated() {
      let first = firstChunks[number]
      let own = first..<first + table.chunkCount(blob.size)
      table.blobs.append(
        ContainerTable.Blob(
          size: blob.size, digest: ContainerTable.digest(chunks[own].map(\.rawDigest)),
          base: blob.base))
      guard let base = blob.base else { continue }
      table.bases.append(
        ContainerTable.Base(
          name: plan.bases[base].name, size: blob.size,
          digest: ContainerTable.digest(own.map { baseDigests[$0] ?? 0 })))
    }
    let bytes = table.bytes
    guard bytes.count <= ContainerFormat.maximumTableCount, let frame = Zstd.compress(bytes) else {
      throw IOFailure(
        "write", sink.path, reason: .unsupported,
        message: "too many tensors and files for one container")
    }
    let numbers = Self.bytes(sink.count) + Self.bytes(frame.count) + Self.bytes(bytes.count)
    let digest = SHA256Digest(of: header + frame + numbers).bytes
    try sink.append(frame + numbers + digest + ContainerFormat.magic)
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
