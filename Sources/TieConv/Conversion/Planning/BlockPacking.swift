// Which tensors go back into the blocks that they were unpacked from: those whose numbers still are,
// bit for bit, what such blocks say. Nothing is rounded again behind a user's back.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Decides which tensors are packed again, by reading all of them.
struct BlockPacking {
  /// A tensor of the output, and what is known of where it came from.
  struct Candidate {
    /// The tensor with plain numbers.
    let recipe: TensorRecipe
    /// Its name in the input.
    let name: String
    /// The type of the blocks that it was unpacked from.
    let type: GGMLType
  }

  /// The decision.
  struct Outcome: Equatable {
    /// Names in the input of those that are packed again, with their types.
    var packed: [String: GGMLType] = [:]
    /// Names of those whose numbers are no longer what blocks say, or of another shape, in order.
    var edited: [String] = []
    /// Types that nothing is packed into, with the number of tensors.
    var unsupported: [GGMLType: Int] = [:]
  }

  let checkpoint: Checkpoint
  let options: ExecutionOptions

  /// Blocks of one piece of work: a mebibyte of numbers or so.
  private static let elementCount = 256 << 10

  /// Gives those of `stored`, recipes of plain tensors with their names in the input, that came out
  /// of blocks and still are what these say, the types of the blocks.
  func pack(
    _ stored: inout [(name: String, recipe: TensorRecipe)], as origin: GGUFOrigin
  ) throws(CheckpointError) -> Outcome {
    let types = Dictionary(
      origin.tensors.map { (TokenText($0.name), $0.type) }, uniquingKeysWith: { first, _ in first })
    let candidates = stored.compactMap { name, recipe -> Candidate? in
      guard let type = types[TokenText(name)], type.isQuantized else { return nil }
      return Candidate(recipe: recipe, name: name, type: type)
    }
    let outcome = try outcome(candidates)
    for place in stored.indices {
      if let type = outcome.packed[stored[place].name] { stored[place].recipe.dtype = type.dtype }
    }
    return outcome
  }

  /// Looks at `candidates`.
  ///
  /// - Throws: where the input cannot be read.
  private func outcome(_ candidates: [Candidate]) throws(CheckpointError) -> Outcome {
    let resolver = RecipeResolver(checkpoint: checkpoint)
    var outcome = Outcome()
    var work: [(candidate: Candidate, blocks: EncodedBlocks)] = []
    var edited: Set<String> = []
    for candidate in candidates {
      if !GGMLBlocks.encodes(candidate.type.rawValue) {
        outcome.unsupported[candidate.type, default: 0] += 1
      } else if let blocks = try resolver.encodedBlocks(candidate.recipe, candidate.type) {
        work.append((candidate, blocks))
      } else {
        edited.insert(candidate.name)
      }
    }
    for number in try inexact(work.map(\.blocks)) { edited.insert(work[number].candidate.name) }
    for (candidate, _) in work where !edited.contains(candidate.name) {
      outcome.packed[candidate.name] = candidate.type
    }
    outcome.edited = candidates.map(\.name).filter(edited.contains)
    return outcome
  }

  /// The places of those that have a number which no block says; the rest of such a tensor is not
  /// looked at.
  private func inexact(_ tensors: [EncodedBlocks]) throws(CheckpointError) -> Set<Int> {
    var pieces: [(number: Int, range: Range<Int>)] = []
    for (number, tensor) in tensors.enumerated() where tensor.count > 0 {
      let step = max(1, Self.elementCount * tensor.count / max(1, tensor.elementCount))
      pieces += stride(from: 0, to: tensor.count, by: step).map {
        (number, $0..<min($0 + step, tensor.count))
      }
    }
    let all = pieces
    let found = Mutex<Set<Int>>([])
    let meter = ProgressMeter("comparing", total: tensors.reduce(0) { $0 + $1.size }, options)
    do {
      try ParallelLoop.run(blocks: all.count, threads: options.boundedThreads) { place, _ in
        try options.cancellation.check()
        let (number, range) = all[place]
        if found.withLock({ $0.contains(number) }) { return }
        if try !tensors[number].isExact(range) { found.withLock { _ = $0.insert(number) } }
        meter.advance(range.count * tensors[number].size / tensors[number].count)
      }
    } catch {
      throw CheckpointError(whileReading: error)
    }
    return found.withLock { $0 }
  }
}
