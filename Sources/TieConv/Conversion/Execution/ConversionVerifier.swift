// Proof that an output is what the plan says: planned anew from a fresh reading of the input, computed
// anew, and compared with a fresh reading of the output.

internal import TieConvIO
internal import TieConvKernels

/// Compares a converted checkpoint with what it must be.
struct ConversionVerifier {
  /// The input, opened anew, and the plan made anew from it.
  let checkpoint: Checkpoint
  let plan: ConversionPlan
  /// Where the output lies now.
  let output: String
  let options: ExecutionOptions

  /// What one worker compares at a time.
  private static let blockCount = 4 << 20

  /// A run of bytes of the output, with where it must come from.
  private struct Run {
    let name: String
    let expected: any ByteSource
    let expectedOffset: Int
    let found: any ByteSource
    let foundOffset: Int
    let count: Int
  }

  func verify() throws(CheckpointError) {
    let resolver = RecipeResolver(checkpoint: checkpoint)
    var runs: [Run] = []
    for file in plan.weights {
      let found = try opened(file.name)
      let header = try reading { () throws(IOFailure) in
        try found.bytes(in: 0..<min(file.start.count, found.size))
      }
      guard header == file.start else { throw failed("the header is not what was planned") }
      var places = try Self.places(found)
      for (recipe, _) in file.tensors {
        guard let place = places.removeValue(forKey: recipe.name), place.count == recipe.byteCount
        else { throw failed("a tensor is missing or of the wrong size", recipe.name) }
        let tensor = try resolver.tensor(recipe)
        runs.append(
          Run(
            name: recipe.name, expected: tensor, expectedOffset: 0, found: found,
            foundOffset: place.lowerBound, count: place.count))
      }
      guard places.isEmpty else { throw failed("tensors too many", places.keys.min()) }
    }
    for (name, text) in plan.texts { try compare(name, text) }
    for (path, size) in plan.carried {
      let expected = try reading { () throws(IOFailure) in try checkpoint.tree.open(path) }
      let found = try opened(path)
      guard found.size == size, expected.size == size else { throw failed("sizes differ", path) }
      runs.append(
        Run(
          name: path, expected: expected, expectedOffset: 0, found: found, foundOffset: 0,
          count: size))
    }
    try compare(runs)
  }

  private func failed(_ message: String, _ tensor: String? = nil) -> CheckpointError {
    CheckpointError(
      .verificationFailed, file: output, tensor: tensor, "verification failed: \(message)",
      hint: "nothing was put in place; please report this")
  }

  private func opened(_ name: String) throws(CheckpointError) -> InputFile {
    let path = plan.layout == .file ? output : FilePath.join(output, name)
    return try reading { () throws(IOFailure) in try InputFile(path) }
  }

  /// Where each tensor stands in a file, by a reader that knows nothing of the plan.
  private static func places(_ file: InputFile) throws(CheckpointError) -> [String: Range<Int>] {
    let start = try reading { () throws(IOFailure) in
      try file.bytes(in: 0..<min(4, file.size))
    }
    var places: [String: Range<Int>] = [:]
    if start == GGUFHeader.magic {
      let header = try GGUFHeader(reading: file)
      for tensor in header.tensors {
        let from = header.dataStart + tensor.offset
        places[tensor.name] = from..<from + tensor.byteCount
      }
    } else {
      let header = try SafetensorsHeader(reading: file)
      for tensor in header.tensors {
        let from = header.dataStart + tensor.dataOffsets.lowerBound
        places[tensor.name] = from..<from + tensor.byteCount
      }
    }
    return places
  }

  private func compare(_ name: String, _ text: [UInt8]) throws(CheckpointError) {
    let file = try opened(name)
    let found = try reading { () throws(IOFailure) in try file.bytes(in: 0..<file.size) }
    guard found == text else { throw failed("\(name) is not what was planned") }
  }

  private func compare(_ runs: [Run]) throws(CheckpointError) {
    let blocks = runs.flatMap { run in
      stride(from: 0, to: run.count, by: Self.blockCount).map { (run, $0) }
    }
    let meter = ProgressMeter("verifying", total: runs.reduce(0) { $0 + $1.count }, options)
    do {
      try ParallelLoop.run(blocks: blocks.count, threads: options.boundedThreads) { number, _ in
        try options.cancellation.check()
        let (run, start) = blocks[number]
        let count = min(Self.blockCount, run.count - start)
        let expected = AlignedBuffer(count: count)
        let found = AlignedBuffer(count: count)
        let one = unsafe expected.bytes(count)
        let other = unsafe found.bytes(count)
        unsafe try run.expected.read(into: one, at: run.expectedOffset + start)
        unsafe try run.found.read(into: other, at: run.foundOffset + start)
        let isEqual =
          unsafe ByteComparison.firstMismatch(
            UnsafeRawBufferPointer(one).bytes, UnsafeRawBufferPointer(other).bytes) == nil
        guard isEqual else { throw failed("bytes differ", run.name) }
        meter.advance(count)
      }
    } catch {
      throw CheckpointError(whileReading: error)
    }
  }
}

extension ExecutionOptions {
  /// Workers that compute tensors hold some blocks each: together no more than 200 MiB.
  var boundedThreads: Int { min(threads, 12) }
}
