// Are two runs of bytes in files the same? Streaming, parallel, at the speed of memory.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Two runs of bytes of one length, in two files or in one.
struct RangePair: Sendable {
  let one: any ByteSource
  let oneOffset: Int
  let other: any ByteSource
  let otherOffset: Int
  let count: Int
}

extension RangePair {
  /// The bytes of two stored tensors, which take the same number of them.
  init(
    _ one: (shard: Shard, info: TensorInfo), _ other: (shard: Shard, info: TensorInfo)
  ) {
    self.init(
      one: one.shard.file, oneOffset: one.shard.fileRange(of: one.info).lowerBound,
      other: other.shard.file, otherOffset: other.shard.fileRange(of: other.info).lowerBound,
      count: one.info.byteCount)
  }
}

/// Compares runs of bytes and finds the first difference.
struct RangeComparison {
  /// What one worker maps and compares at a time: from 4 MiB on the kernel maps whole large pages,
  /// and mapping costs next to nothing.
  static let blockCount = 16 << 20

  /// Where the first difference is: which pair, and how far into it.
  struct Difference: Error, Equatable {
    let pair: Int
    let offset: Int
  }

  private struct Block {
    let pair: Int
    let range: Range<Int>
  }

  private let pairs: [RangePair]
  private let blocks: [Block]

  init(_ pairs: [RangePair]) {
    self.pairs = pairs
    blocks = pairs.enumerated().flatMap { number, pair in
      stride(from: 0, to: pair.count, by: Self.blockCount).map { start in
        Block(pair: number, range: start..<min(start + Self.blockCount, pair.count))
      }
    }
  }

  /// The bytes on one side.
  var byteCount: Int { pairs.reduce(0) { $0 + $1.count } }

  /// The first difference in the order of the pairs; nil where all are equal.
  ///
  /// Stops as soon as a difference is known to be the first.
  func firstDifference(
    _ options: ExecutionOptions, activity: String = "comparing"
  ) throws(CheckpointError) -> Difference? {
    let meter = ProgressMeter(activity, total: byteCount, options)
    do {
      try ParallelLoop.run(blocks: blocks.count, threads: options.threads) { number, _ in
        let block = blocks[number]
        let offset = try Self.firstDifference(pairs[block.pair], block.range, options)
        if let offset { throw Difference(pair: block.pair, offset: offset) }
        meter.advance(block.range.count)
      }
      return nil
    } catch let difference as Difference {
      return difference
    } catch {
      throw CheckpointError(whileReading: error)
    }
  }

  /// The numbers of the pairs that differ. A pair is not read on once it is known to.
  func differingPairs(_ options: ExecutionOptions) throws(CheckpointError) -> Set<Int> {
    let meter = ProgressMeter("comparing", total: byteCount, options)
    let differing = Mutex<Set<Int>>([])
    do {
      try ParallelLoop.run(blocks: blocks.count, threads: options.threads) {
        (number, _) throws(IOFailure) in
        let block = blocks[number]
        meter.advance(block.range.count)
        if differing.withLock({ $0.contains(block.pair) }) { return }
        if try Self.firstDifference(pairs[block.pair], block.range, options) != nil {
          _ = differing.withLock { $0.insert(block.pair) }
        }
      }
    } catch { throw CheckpointError(error) }
    return differing.withLock { $0 }
  }

  private static let comparison = unsafe MappedComparison(ByteComparison.function)

  private static func firstDifference(
    _ pair: RangePair, _ range: Range<Int>, _ options: ExecutionOptions
  ) throws(IOFailure) -> Int? {
    try options.cancellation.check()
    let mismatch = try comparison.firstMismatch(
      pair.one, at: pair.oneOffset + range.lowerBound, pair.other,
      at: pair.otherOffset + range.lowerBound, count: range.count)
    return mismatch.map { range.lowerBound + $0 }
  }
}
