// verify, on a container: does every chunk decode to what the table says?

internal import TieConvIO
internal import TieConvKernels

/// Decodes every chunk of a container.
struct ContainerVerifier {
  /// Each worker has some five spans of buffers, of at most 4 MiB each.
  private static let maximumThreads = 8

  let container: Container
  let options: ExecutionOptions

  /// What was checked.
  ///
  /// - Throws: `damagedContainer` at the first chunk that is not what the table says.
  func check() throws(CheckpointError) -> VerifyReport.Check {
    let table = container.table
    if container.needsBase, container.bases.isEmpty { return storedCheck() }
    let meter = ProgressMeter("verifying", total: container.chunkStarts.last ?? 0, options)
    let threads = min(options.threads, Self.maximumThreads)
    let rooms = (0..<threads).map { _ in AlignedBuffer(count: table.span) }
    try reading { () throws(IOFailure) in
      try ParallelLoop.run(blocks: table.chunks.count, threads: threads) {
        (number, worker) throws(IOFailure) in
        try options.cancellation.check()
        let blob = container.blob(ofChunk: number)
        let count = container.range(ofChunk: number, in: blob).count
        unsafe try container.decode(chunk: number, of: blob, into: rooms[worker].bytes(count))
        meter.advance(table.chunks[number].storedCount)
      }
    }
    return VerifyReport.Check(
      name: "container", passed: true,
      message: "\(table.chunks.count) chunks of \(table.blobs.count) blobs have the recorded "
        + "digests")
  }

  private func storedCheck() -> VerifyReport.Check {
    VerifyReport.Check(
      name: "container", passed: true,
      message: "holds differences to a base; only the table was checked")
  }
}
