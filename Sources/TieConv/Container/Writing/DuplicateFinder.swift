// Runs of bytes that are equal, among all of a checkpoint: by size, by a sample, by a digest of
// everything, and at last by comparing every byte.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Finds equal runs of bytes.
struct DuplicateFinder {
  /// Below this, noting a duplicate takes as much as it saves.
  static let leastCount = 64
  private static let sampleCount = 512

  private struct Key: Hashable {
    let count: Int
    let digest: UInt64
  }

  let pieces: [ContainerPlan.Piece]
  let options: ExecutionOptions

  /// For each piece, the first that equals it: its own number where there is none before it.
  func representatives() throws(CheckpointError) -> [Int] {
    var groups = Self.groups(
      pieces.indices.filter { pieces[$0].count >= Self.leastCount }, by: { pieces[$0].count })
    for digest in [sample, whole] {
      let numbers = groups.flatMap(\.self)
      let digests = try digestsOf(numbers, digest)
      groups = Self.groups(numbers) { number in
        Key(count: pieces[number].count, digest: digests[number] ?? 0)
      }
    }
    var result = Array(pieces.indices)
    var pairs: [(number: Int, pair: RangePair)] = []
    for group in groups {
      let first = pieces[group[0]]
      for number in group.dropFirst() {
        let piece = pieces[number]
        pairs.append(
          (
            number,
            RangePair(
              one: first.source, oneOffset: first.offset, other: piece.source,
              otherOffset: piece.offset, count: piece.count)
          ))
        result[number] = group[0]
      }
    }
    for place in try RangeComparison(pairs.map(\.pair)).differingPairs(options) {
      result[pairs[place].number] = pairs[place].number
    }
    return result
  }

  /// `numbers` by what `key` says of them, groups of one left out, in order.
  private static func groups<K: Hashable>(_ numbers: [Int], by key: (Int) -> K) -> [[Int]] {
    Dictionary(grouping: numbers, by: key).values.filter { $0.count > 1 }
      .sorted { $0[0] < $1[0] }
  }

  private func digestsOf(
    _ numbers: [Int], _ digest: @Sendable (ContainerPlan.Piece) throws(IOFailure) -> UInt64
  ) throws(CheckpointError) -> [Int: UInt64] {
    let results = Mutex<[Int: UInt64]>([:])
    try reading { () throws(IOFailure) in
      try ParallelLoop.run(blocks: numbers.count, threads: options.threads) {
        (place, _) throws(IOFailure) in
        try options.cancellation.check()
        let value = try digest(pieces[numbers[place]])
        results.withLock { $0[numbers[place]] = value }
      }
    }
    return results.withLock { $0 }
  }

  /// A digest of the start, the middle and the end.
  private func sample(_ piece: ContainerPlan.Piece) throws(IOFailure) -> UInt64 {
    let count = min(Self.sampleCount, piece.count)
    let buffer = AlignedBuffer(count: 3 * count)
    let all = unsafe buffer.bytes(3 * count)
    for (number, start) in [0, (piece.count - count) / 2, piece.count - count].enumerated() {
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: all[number * count..<(number + 1) * count])
      unsafe try piece.source.read(into: part, at: piece.offset + start)
    }
    return unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(all))
  }

  /// A digest of every byte.
  private func whole(_ piece: ContainerPlan.Piece) throws(IOFailure) -> UInt64 {
    let buffer = AlignedBuffer(count: min(ContainerFormat.span, piece.count))
    var digests: [UInt64] = []
    for start in stride(from: 0, to: piece.count, by: ContainerFormat.span) {
      try options.cancellation.check()
      let bytes = unsafe buffer.bytes(min(ContainerFormat.span, piece.count - start))
      unsafe try piece.source.read(into: bytes, at: piece.offset + start)
      digests.append(unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(bytes)))
    }
    return ContainerTable.digest(digests)
  }
}
