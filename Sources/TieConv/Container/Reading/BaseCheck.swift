// Is the base that was given the one that a container was compressed against?

internal import TieConvIO
internal import TieConvKernels

/// Compares the digests of a base's tensors with the ones that a container knows.
struct BaseCheck {
  private let container: Container
  private let options: ExecutionOptions

  init(_ container: Container, options: ExecutionOptions) {
    self.container = container
    self.options = options
  }

  /// Reads every base tensor.
  func check() throws(CheckpointError) {
    let wanted = container.table.bases
    let total = wanted.reduce(0) { $0.addingSaturated($1.size) }
    let meter = ProgressMeter("checking the base", total: total, options)
    try reading { () throws(IOFailure) in
      try ParallelLoop.run(blocks: container.bases.count, threads: options.threads) {
        (number, _) throws(IOFailure) in
        let found = try digest(container.bases[number], wanted[number].size)
        meter.advance(wanted[number].size)
        guard found == wanted[number].digest else {
          throw IOFailure(
            "read", container.bases[number].source.path, reason: .wrongBase,
            message: "\(TextSafety.escaped(wanted[number].name)): not the base that "
              + "\(container.file.path) was compressed against")
        }
      }
    }
  }

  private func digest(_ base: BaseTensor, _ size: Int) throws(IOFailure) -> UInt64 {
    let span = container.table.span
    let buffer = AlignedBuffer(count: min(span, size))
    var digests: [UInt64] = []
    for start in stride(from: 0, to: size, by: span) {
      try options.cancellation.check()
      let bytes = unsafe buffer.bytes(min(span, size - start))
      unsafe try base.source.read(into: bytes, at: base.offset + start)
      digests.append(unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(bytes)))
    }
    return ContainerTable.digest(digests)
  }
}
